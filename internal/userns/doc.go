// Package userns is what a plain user has in place of root: a user namespace of
// its own, in which it is user 0 and holds every capability over what belongs to
// the ids that are mapped there, and over nothing else.
//
//	ids, err := userns.Mine()        // which ids those are
//	err = ids.Run(name, args, ...)   // this program again, in such a namespace
//	userns.Attributes(attr, caps)    // or a process started by hand,
//	err = ids.Map(pid)               // which is then given the ids
//
// One id, the caller's own as 0, needs nobody's help. More are given out by the
// system's administrator in /etc/subuid and /etc/subgid, and mapped by newuidmap
// and newgidmap, which are setuid (package uidmap). [Mine] takes all that there are
// if both files and both programs have some for the caller, and else the one id:
// a program that is there and refuses is an error, and never fewer ids in silence.
//
// Root of a user namespace, as in a container without privilege, is a plain user to
// the kernel, and to this package: its containers are in one more namespace, with the
// ids that it has.
//
// It stands below the store, which unpacks and removes files of mapped ids, and the
// launcher, whose containers run with them.
package userns
