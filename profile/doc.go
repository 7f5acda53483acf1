// Package profile reads and writes the JSON of seccomp profiles, and says where
// in it everything stands. It is the first stage of profile -> policy -> program
// -> filter: a [Profile] is what its author wrote, unresolved, with its
// conditional rules still conditional.
//
// Start with [Parse], or with [Default] for Docker's default profile. Package
// policy resolves the result; [Profile.Flatten] alone decides from facts which
// rules apply. [Profile.Marshal] and [Profile.MarshalOCI] write JSON again.
//
// # What is read
//
// A profile file is read as one superset of three dialects: Docker's, the OCI
// runtime specification's linux.seccomp, and Podman's errno and defaultErrno.
// With the dialect [OCI] the keys of the other two are unknown. A null is the
// same as no key, as it is to Docker. Names of errnos have the numbers of the
// generic table, also on MIPS.
//
// To these weir adds what no other reader knows: "extends", groups of calls among
// the names, and constants by name for the operands of conditions. Here they are
// only read, and the profile is [Profile.Pending]: package compose looks them up,
// and is what to read a file with that may have them.
//
// The reader is weir's own, because encoding/json gives no places, accepts keys
// in any case, hides a key that is there twice and drops unknown ones. Whatever
// it accepts is JSON.
//
// # What it promises
//
// Nothing vanishes and nothing loosens. What would leave the profile weaker than
// its author meant is an error: an unknown or misspelt key in a rule, a
// capability in a spelling that never matches, an errno on an action that takes
// none, a mask that compares nothing in a rule that allows. [Options.Lenient]
// reads these as Docker and runc do and makes notes of them. What tightens or
// changes nothing is a note. What no runtime starts, a document without
// defaultAction (Docker runs some of these unconfined) and a known key that is
// there twice (runtimes disagree about which one counts) are always errors.
//
// System call names are not looked up here: package policy does, and reports in
// the same form through [Profile.Problem].
//
// # Errors
//
// Parse returns an [*Error]: up to 20 problems in the order of the file, each
// with its place, its path in the document, the cause and mostly a hint. A syntax
// error is the last one. [ReadFile] returns what the system says.
package profile
