package convert

// A Format is a form in which profiles are read by others.
type Format uint8

const (
	// Docker is the superset that Docker, Podman and CRI-O read: conditions stay
	// conditions, and archMap stays a map.
	Docker Format = iota + 1

	// OCI is linux.seccomp of the OCI runtime specification, resolved for the
	// facts: what containerd, and so a Localhost profile of Kubernetes, reads.
	OCI

	// SPO is a SeccompProfile of the security-profiles-operator, version v1, as a
	// JSON manifest, which kubectl applies like one in YAML.
	SPO

	// Systemd is the [Service] section of a unit, systemd.exec(5).
	Systemd
)

var formatNames = [...]string{Docker: "docker", OCI: "oci", SPO: "spo", Systemd: "systemd"}

// Formats lists every form.
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
	for _, f := range Formats {
		if f.String() == s {
			return f, true
		}
	}
	return 0, false
}
