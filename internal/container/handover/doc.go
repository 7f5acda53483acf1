// Package handover is what the launcher and its last stage agree on: the [Plan]
// of a container in a form of its own, the file descriptors that carry it, and
// the kinds of failure that come back.
//
// The launcher decides and writes everything into the plan (which mounts, which
// device nodes, which paths are masked), the last stage carries it out inside
// the new namespaces and decides nothing. Both come from one build, and the
// launcher trusts itself, so the form has neither versions nor optional parts.
// It leads neither to encoding/json nor to fmt, for the last stage's start counts.
package handover
