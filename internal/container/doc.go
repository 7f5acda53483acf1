// Package container is the embedded launcher: it runs one container in the
// foreground, from a root file system and a program (classic BPF) that was proved
// and becomes the container's filter.
//
// Call [Run] with a [Spec]. It writes the container down as a plan, starts
// the program of package first in new namespaces from a sealed memory file, carries the
// plan out in a thread that enters them (package inside has the order) and writes the
// script by which that process becomes the container's program; for a plain user weir-init
// does both. Then it copies the standard streams, forwards signals and waits.
//
// What it promises: the container is Docker's (mounts, /dev, masked paths,
// capabilities, environment, hosts, user lookup) except for what [Spec] says;
// nothing of the caller's gets in: not an environment variable, a descriptor, the
// working directory, a keyring, nor a terminal; when the launcher ends or is
// killed, so is the container, whatever its program does, and as its mounts live in its own namespace alone,
// none remains. It needs Linux 5.12, and root or a user namespace (package userns):
// rootless.go has what is different there.
//
// An [*Error] is a container whose program did not start. Its Code is the exit
// status that Docker gives that: 125 the container could not be set up, 126 the
// program cannot be executed, 127 there is no such program.
package container
