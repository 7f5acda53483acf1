// Package cgroup keeps a container to its limits of memory, processors and
// processes: in a cgroup of its own, of cgroup v2 or of v1, for whichever of the
// two the host has each controller in.
//
// [New] makes the cgroup as near below the caller's own as the kernel lets it, so
// that what limits the caller limits the container too. It fails if a limit cannot
// be kept; none is left out. [Group.Close] removes the cgroup; what a killed
// process leaves, the next New from the same place removes, and [Sweep], which
// finds it by a record in /run.
package cgroup
