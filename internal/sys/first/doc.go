// Package first is a program of a few hundred bytes, in assembly, that stands for weir
// beside and inside a container where Go's runtime would take a millisecond and four
// threads to begin with. What it is depends on the name that it is started under:
//
//   - weir-init, a container's first process, makes the system calls of a script
//     (package thread), the last of which is the execve of the container's program;
//   - weir-guard kills that process when the launcher has ended;
//   - weir-reaper is the first process of a container whose program is its child: it
//     forwards signals and reaps.
//
// [ELF] returns it as an executable file. It is for amd64 and arm64.
package first
