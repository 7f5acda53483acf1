// Package installed asks an installed engine what it makes of a profile: it has
// runc or crun start a container of a program that runs in circles, and reads
// the filter back out of that process.
//
// [Ask] is the call to start with. It takes root, for the engine and for the
// reading. Nothing stays: the container is deleted, and whatever the engine left
// running is killed. If weir itself is killed, a limit on processor time ends the
// processes, and the next question removes the rest.
package installed
