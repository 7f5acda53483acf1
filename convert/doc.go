// Package convert writes a profile in the forms that others have, and reads them:
// Docker's and the OCI's JSON, the manifest of the security-profiles-operator, the
// settings of a systemd unit. Start with [Profile] to write; to read, with [Read], but
// for the JSON, which package profile reads. A unit is read as systemd reads it, and
// what it says beside lists of calls is listed in [Source.Losses]. [Flatten] and [Merge]
// write plain JSON of a profile that stands on others, and of several side by side.
//
// No form but Docker's holds all that a profile can say. Whatever is lost is
// listed in [Result.Losses], each with its place. Where a form cannot say the
// profile's answer it says a stricter one, or the profile is refused.
//
// The readers of all forms compile with libseccomp, which means something else by
// some rules than package policy: it compares whole registers, forgets conditions
// beside a rule without, decides about overlapping rules in an order of its own, and
// compiles some sets of rules wrongly. For the OCI and the operator, such rules are
// rewritten until libseccomp enforces the policy, which bench/differential tests
// against the library. Where that cannot be, a loss names the call and both answers,
// of which libseccomp's may be the weaker one. Which names the libseccomp of a host
// knows cannot be told here: it skips the others.
//
// The result is read back as its reader does: Docker's form as Docker, those of OCI
// runtimes as runc and libseccomp take rules, a unit as systemd reads it. What is read is
// compiled, and the program is held against the policy of the original under the same
// facts. [Result.Proof] is the outcome: equal, unless a loss changes an answer, in which
// case it has a call as witness. A difference that no loss explains is an error.
//
// Errors are a *[profile.Error] where the profile is at fault or cannot be
// written; others name what was being done.
package convert
