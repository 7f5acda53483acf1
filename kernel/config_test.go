//go:build linux

package kernel

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

const someConfig = `# Linux/x86 6.1.0 Kernel Configuration
CONFIG_CC_VERSION_TEXT="gcc (Debian) 12.2.0 CONFIG_SECCOMP=n"
CONFIG_SECCOMP=y
# CONFIG_SECCOMP_FILTER is not set
CONFIG_IA32_EMULATION=m
`

func TestAConfigurationIsReadPlainAndCompressed(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write([]byte(someConfig))
	w.Close()
	plain, err := parseConfig(strings.NewReader(someConfig), false)
	if err != nil {
		t.Fatal(err)
	}
	compressed, err := parseConfig(&packed, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, values := range []map[string]string{plain, compressed} {
		c := config{"config", values}
		for option, want := range map[string]finding{
			"CONFIG_SECCOMP":        {Yes, "CONFIG_SECCOMP=y in config"},
			"CONFIG_SECCOMP_FILTER": {No, "CONFIG_SECCOMP_FILTER is not set in config"},
			"CONFIG_X86_X32_ABI":    {No, "CONFIG_X86_X32_ABI is not set in config"},
		} {
			if got := c.option(option); got != want {
				t.Errorf("%s: %v, want %v", option, got, want)
			}
		}
	}
}

func TestWithoutAConfigurationNothingIsKnown(t *testing.T) {
	if got := (config{}).option("CONFIG_SECCOMP"); got.has != Unknown {
		t.Errorf("CONFIG_SECCOMP: %v, want unknown", got)
	}
	if _, err := parseConfig(strings.NewReader(someConfig), true); err == nil {
		t.Error("a text was read as a compressed file")
	}
}
