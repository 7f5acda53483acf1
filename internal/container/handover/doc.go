// Package handover is what the launcher and a container's first process agree on: the
// [Plan] of a container, with a form of its own for weir-init, the file descriptors that
// carry it, and the kinds of failure that come back.
//
// The launcher decides and writes everything into the plan (which mounts, which
// device nodes, which paths are masked); package inside carries it out in the new
// namespaces and decides nothing. Both come from one build, and the
// launcher trusts itself, so the form has neither versions nor optional parts.
// It leads neither to encoding/json nor to fmt, for weir-init's start counts.
package handover
