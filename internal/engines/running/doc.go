// Package running finds the first process of a running container, by its name or
// id, whichever engine runs it: Docker, Podman, containerd, runc or crun.
//
// It reads what they keep in files and asks Docker's socket; it links none of
// their clients. [Find] is the call to start with. A process is the container's
// only if it was started when the engine says so, where the engine says so: numbers
// of processes are used again.
//
// The numbers are those that the engine sees. A reader in another namespace of
// processes sees others.
package running
