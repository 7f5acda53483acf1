package profile

// Options say how a document is read. The zero value is what a profile file
// needs.
type Options struct {
	Dialect Dialect

	// Lenient reads what would loosen the profile as Docker and runc read it,
	// and makes a note of it instead of an error. What no runtime would start
	// stays an error.
	Lenient bool

	// Lines, if not nil, are where the lines of the document come from: one that
	// package convert made from another form. The places of messages are then those.
	Lines []Position
}

// A Dialect is the set of keys that a document may use.
type Dialect uint8

const (
	// Superset is Docker's dialect, the OCI's and Podman's in one: the OCI's
	// keys; archMap, name, comment, includes and excludes of Docker's; errno and
	// defaultErrno of Podman's. Beside them it has weir's own: extends, groups of
	// calls, constants.
	Superset Dialect = iota

	// OCI is linux.seccomp of the OCI runtime specification alone, for documents
	// that an OCI runtime reads. To it the other keys are unknown: it would apply
	// a conditional rule unconditionally.
	OCI
)

// reader names who reads the dialect, for the notes on what that one makes of a
// slip.
func (d Dialect) reader() string {
	if d == OCI {
		return "runc"
	}
	return "Docker"
}
