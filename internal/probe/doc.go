// Package probe makes the system calls that Docker's documentation lists as
// significant and blocked, in a container, and holds what the kernel answers
// against what the policy says.
//
// It stands at the end of the way from a profile to a policy, a program and a
// filter: it asks the filter. [Run] starts a container with nothing in it but a
// small static prober, which makes the calls of [Table] and reports their raw
// outcomes. What they mean is decided here, outside of the container.
//
// A call that a filter fails with EPERM looks like one that the kernel itself
// refuses. So the container is run twice: under the program as it is, whose
// answers are shown, and under one that differs in a single thing: where the
// policy fails a call, it does so with an errno that no kernel returns. That
// program is compiled and proved in the same way. A [Row] agrees if the filter
// answered, both times, exactly the calls that the policy answers, as it says.
//
// No call changes anything outside of the container, unconfined and with all
// capabilities as well: each row of the table says why.
//
// An error means that there is nothing to compare: the container or the prober
// did not run to its end, or the prober's outcomes are not as many as the calls.
package probe
