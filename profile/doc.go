// Package profile reads and writes the JSON of seccomp profiles.
package profile
