// Package inside makes a container around the calling thread, which is in the container's
// namespaces, and writes the script by which a process becomes the container's program:
//
//	mounts, pivot_root  ->  ids, capabilities  ->  signals  ->  filter  ->  execve
//	|--- [Build] -----|     |--- [Root.Settle] -|  |--- [Root.Become] ----------|
//
// Everything is done before the filter is attached, and nothing between that and
// execve, so a profile needs to allow execve and what the program itself does, and
// nothing of weir's.
//
// Whatever the image contains is hostile: once it is mounted it becomes the root,
// with nothing of the host left to reach, and every path is then resolved within
// it, to a descriptor, which is what the mount is made on.
//
// It is linked by cmd/weir-init, which starts with a plain user's container: small, no
// package that initialises anything.
package inside
