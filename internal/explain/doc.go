// Package explain answers what a person asks about a profile: what happens to
// this call, which line says so, what would change it, and which other way leads
// to the same act.
//
// It stands on top of the pipeline and changes nothing in it: every answer comes
// from policy.Resolve, and what it says would flip a verdict has been resolved
// that way first. [Ask] is the call to start with; [Read] is for the whole
// profile. Both return plain values, which [Answer.Write] and [Reading.Write]
// print for people and encoding/json for programs.
//
// An argument that was left out is open. A verdict is given if every value of
// the open ones leads to it; otherwise the cases are, in the order in which the
// policy tries them.
//
// Errors are those of resolving the profile and of reading the call.
package explain
