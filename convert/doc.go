// Package convert writes a profile in the forms that others read: Docker's and
// the OCI's JSON, the manifest of the security-profiles-operator, a fragment of a
// systemd unit. Start with [Profile].
//
// No form but Docker's holds all that a profile can say. Whatever is lost is
// listed in [Result.Losses], each with its place, and what would leave the result
// weaker than the profile is an error instead: a form that cannot say something
// gets a stricter answer or none.
//
// The JSON forms are read back as their reader does, compiled, and the program is
// held against the policy of the original under the same facts. [Result.Proof] is
// the outcome: equal, unless a loss changes an answer, in which case it has a call
// as witness. A difference that no loss explains is an error. A unit of systemd
// has its own model of a filter and no proof.
//
// Errors are a *[profile.Error] where the profile is at fault or cannot be
// written; others name what was being done.
package convert
