// Package lint finds what is wrong with a profile, or likely to be: rules with a
// number, each grounded in a defect that profiles really had. The pages are in
// docs/lint.
//
// It stands beside the pipeline profile -> policy -> program -> filter and looks
// at the first two stages: at the text, and at what it means under facts. Start
// with [Check]. It never fails: a profile that does not parse has its problems
// as findings, and is checked further as far as it can be read.
//
// The findings are in the order of the file, and the same for the same profile
// and facts. [Text], [SARIF], [GitHub] and [JSON] write them. The author of a
// profile silences a rule for one entry of "syscalls" in its comment:
//
//	"comment": "the agent loads modules; weir:ignore WEIR019"
//
// WEIR001, that a profile is refused, cannot be silenced. [Fix] mends what has one
// remedy, and proves that the profile lets nothing more through then.
package lint
