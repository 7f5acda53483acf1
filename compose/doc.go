// Package compose reads profiles that stand on others. It looks up what a file
// names elsewhere: the profiles that it "extends", groups of calls (@basic-io),
// and constants (CLONE_NEWUSER). The result is a [profile.Profile] like any other,
// whose every place is in the file that it is from.
//
//	{
//		"extends": ["builtin", "no-ptrace.json"],
//		"defaultAction": "SCMP_ACT_ERRNO",
//		"syscalls": [
//			{"names": ["@keyring"], "action": "SCMP_ACT_ALLOW"},
//			{
//				"names": ["clone"], "action": "SCMP_ACT_ERRNO",
//				"args": [{"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": "CLONE_NEWUSER", "valueTwo": "CLONE_NEWUSER"}]
//			}
//		]
//	}
//
// Start with [Parse]. In the pipeline it is the whole of the step from text to
// profile; package policy gives the profile its meaning.
//
// # What a composed profile means
//
// The rules of a file decide before those of the files that it extends. Where none
// of them names a call and holds, the extended files decide together: each answers
// by its own rules and those below it, and of the answers the strictest wins, the
// first in the list among equals. So the order of the list does not matter to what
// is allowed, and an extended file can take away from another, but not add to it.
// Within one file nothing changes: package policy says which of its rules decides.
//
// What no rule of any file decides gets the default action of the file that was
// asked for. The default actions of the others do not count, and it must not be
// looser than any of theirs. Numbers are newer than the profile if they are above
// the largest that any of the files names.
//
// Architectures, flags and the listener are the file's own or, if it has none,
// those of the files that it extends, which must then agree. The conditions
// includes and excludes are each rule's own.
//
// A file that extends others needs a default action and a rule of its own, because
// other readers see nothing else of it. In such a file a slip that would loosen
// some rule or another is an error whatever the rule's action is.
//
// # Names
//
// A group stands for its calls, see [syscalls.Group]; a name that the rule has
// already is not repeated. A constant has the value of each ABI for which the rule
// is made; an ABI that does not have it is an error. It is written as package
// calls reads it: names and numbers with |, <<, ~ and -.
//
// # Limits and errors
//
// At most 64 files of together 16 MiB, 15 deep; regular files only. A path is
// relative to the file that has it. What came from a registry names no files.
// Errors are a [*profile.Error] with the place: of the name that is not found or
// leads back, or of what is wrong in the file that it leads to. An error reading
// the first file is the caller's.
package compose
