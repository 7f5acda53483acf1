// Weir-init is the last stage of a container's start. The launcher
// (internal/container) starts it from a sealed memory file as the first process
// of the new namespaces and hands it a plan; it builds the container around
// itself as the plan says, and becomes the container's program:
//
//	namespaces (by clone)  ->  mounts, pivot_root  ->  ids, capabilities
//	->  signals  ->  filter  ->  execve
//
// Everything is done before the filter is attached, and nothing between that and
// execve, so a profile needs to allow execve and what the program itself does,
// and nothing of weir's. A failure is left in memory that the launcher shares.
//
// Whatever the image contains is hostile: once it is mounted it becomes the root,
// with nothing of the host left to reach, and every path is then resolved within
// it, to a descriptor, which is what the mount is made on.
//
// It starts with every container and is written for that: small, no package that
// initialises anything. GOGC=off in its environment keeps the collector away.
package main
