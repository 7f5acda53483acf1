//go:build linux

package kernel

import (
	"bufio"
	"compress/gzip"
	"io"
	"os"
	"strings"
)

// A config is the configuration that the running kernel was built with.
type config struct {
	file   string            // where it was read, "" if it could not be
	values map[string]string // CONFIG_SECCOMP: y; an option that is not set is absent
}

// readConfig reads the configuration from where kernels and distributions keep
// it.
func readConfig(release string) config {
	for _, file := range []string{"/proc/config.gz", "/boot/config-" + release, "/lib/modules/" + release + "/config"} {
		f, err := os.Open(file)
		if err != nil {
			continue
		}
		values, err := parseConfig(f, strings.HasSuffix(file, ".gz"))
		f.Close()
		if err == nil {
			return config{file, values}
		}
	}
	return config{}
}

// parseConfig reads lines such as CONFIG_SECCOMP=y.
func parseConfig(r io.Reader, gzipped bool) (map[string]string, error) {
	if gzipped {
		var err error
		if r, err = gzip.NewReader(r); err != nil {
			return nil, err
		}
	}
	values := map[string]string{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if option, value, ok := strings.Cut(lines.Text(), "="); ok && strings.HasPrefix(option, "CONFIG_") {
			values[option] = value
		}
	}
	return values, lines.Err()
}

// option says whether the kernel was built with an option.
func (c config) option(name string) finding {
	switch {
	case c.file == "":
		return finding{Unknown, "neither /proc/config.gz nor a file config-RELEASE in /boot"}
	case c.values[name] == "y":
		return finding{Yes, name + "=y in " + c.file}
	}
	return finding{No, name + " is not set in " + c.file}
}
