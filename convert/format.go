package convert

import (
	"bytes"
	"strings"
)

// A Format is a form in which profiles are read by others.
type Format uint8

const (
	// Docker is the superset that Docker, Podman and CRI-O read: conditions stay
	// conditions, and archMap stays a map.
	Docker Format = iota + 1

	// OCI is linux.seccomp of the OCI runtime specification, resolved for the
	// facts: what containerd, and so a Localhost profile of Kubernetes, reads.
	OCI

	// SPO is a SeccompProfile of the security-profiles-operator, version v1: the
	// manifest that kubectl applies, written in YAML, and read in YAML and JSON.
	SPO

	// Systemd is the [Service] section of a unit, systemd.exec(5).
	Systemd

	// Program is classic BPF in any form that package bpf decodes. It is only read,
	// by package decompile; package compile writes it.
	Program
)

var formatNames = [...]string{Docker: "docker", OCI: "oci", SPO: "spo", Systemd: "systemd", Program: "program"}

// Formats lists every form that is written. All of them are read, and Program.
var Formats = [...]Format{Docker, OCI, SPO, Systemd}

// String returns the name that people type.
func (f Format) String() string {
	if f == 0 || int(f) >= len(formatNames) {
		return "unknown format"
	}
	return formatNames[f]
}

// ParseFormat reads the name that people type.
func ParseFormat(s string) (Format, bool) {
	for f := Docker; f <= Program; f++ {
		if f.String() == s {
			return f, true
		}
	}
	return 0, false
}

// Recognize says in which form a text is: JSON is a profile of Docker's dialect,
// unless it is a manifest; what is none of the others is a program. The OCI's JSON is
// part of Docker's.
func Recognize(src []byte) Format {
	if brace, rest := bytes.CutPrefix(bytes.TrimSpace(src), []byte("{")); rest {
		if brace = bytes.TrimSpace(brace); len(brace) > 0 && brace[0] != '"' && brace[0] != '}' {
			return Program // braces of C have numbers
		}
		if root, err := parseJSON("", src); err == nil && root.value("kind") != nil && root.value("spec") != nil {
			return SPO
		}
		return Docker
	}
	for line := range strings.Lines(string(src)) {
		bare := strings.TrimSpace(line)
		key, _, found := strings.Cut(bare, "=")
		if bare == "[Service]" || bare == "[Unit]" || found && isSetting(strings.TrimSpace(key)) {
			return Systemd
		}
		if key, value, _ := strings.Cut(line, ":"); key == "kind" && strings.Contains(value, "SeccompProfile") {
			return SPO
		}
	}
	if len(bytes.TrimSpace(src)) == 0 {
		return Docker // whose reader says that it is empty
	}
	return Program
}
