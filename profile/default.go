package profile

import _ "embed"

//go:generate go run ../internal/cmd/gendefault default.json

//go:embed default.json
var defaultJSON string

// DefaultSource returns the text of Docker's default profile, as the module
// github.com/moby/profiles/seccomp has it.
func DefaultSource() string { return defaultJSON }

// Default returns Docker's default profile.
func Default() *Profile {
	p, err := parse("builtin", defaultJSON, Options{})
	if err != nil {
		panic("profile: the embedded default.json: " + err.Error()) // a test reads it
	}
	return p
}
