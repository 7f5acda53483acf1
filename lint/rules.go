package lint

// A Rule is one kind of finding. Its ID is stable and has a page.
type Rule struct {
	ID    string
	Title string
}

// Help returns the address of the rule's page.
func (r Rule) Help() string {
	return "https://github.com/weir-dev/weir/blob/main/docs/lint/" + r.ID + ".md"
}

const (
	refused      = "WEIR001"
	ineffective  = "WEIR002"
	unknownName  = "WEIR003"
	absentName   = "WEIR004"
	conflicting  = "WEIR005"
	repeatedName = "WEIR006"
	constant     = "WEIR007"
	pointer      = "WEIR008"
	noArgument   = "WEIR009"
	mask         = "WEIR010"
	twice        = "WEIR011"
	multiplexed  = "WEIR012"
	agedDenylist = "WEIR013"
	wantsENOSYS  = "WEIR014"
	sideDoor     = "WEIR015"
	cannotRun    = "WEIR016"
	engineStart  = "WEIR017"
	dockerOnly   = "WEIR018"
	dangerous    = "WEIR019"
	misuse       = "WEIR020"
	idle         = "WEIR021"
	openABI      = "WEIR022"
	miscompiled  = "WEIR023"
)

// Rules lists every rule, in the order of the IDs.
var Rules = [...]Rule{
	{refused, "The profile is refused"},
	{ineffective, "Something in the profile has no effect"},
	{unknownName, "No architecture has a system call of this name"},
	{absentName, "The call exists on no listed architecture"},
	{conflicting, "Two rules contradict each other"},
	{repeatedName, "A name is repeated"},
	{constant, "A condition always or never holds"},
	{pointer, "A condition compares a pointer"},
	{noArgument, "A condition is about an argument that the call does not take"},
	{mask, "A mask does not mask what it seems to"},
	{twice, "One argument is compared twice, which means OR"},
	{multiplexed, "socketcall or ipc goes round the conditions"},
	{agedDenylist, "The list of denied calls has aged"},
	{wantsENOSYS, "The C library falls back on ENOSYS alone"},
	{sideDoor, "Another call does what is denied"},
	{cannotRun, "Programs cannot start, end or handle signals"},
	{engineStart, "runc or crun cannot start a container"},
	{dockerOnly, "Other readers ignore part of the profile"},
	{dangerous, "A call that can take over the host is allowed"},
	{misuse, "An action or errno does what is hardly meant"},
	{idle, "A rule decides nothing"},
	{openABI, "An architecture is open that no program needs"},
	{miscompiled, "libseccomp compiles the rules to something else"},
}

// RuleOf returns the rule of an ID.
func RuleOf(id string) (Rule, bool) {
	for _, r := range Rules {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}
