package vm

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// top is the root of the module.
const top = "../../.."

// disk makes a root file system: busybox, weir, and a directory for each suite with its test binary and its testdata.
// In /programs is what tests would build, and have no Go for in there.
func (m machine) disk(t *testing.T) (image string) {
	t.Helper()
	root := t.TempDir()
	in := func(name string) string { return filepath.Join(root, name) }
	for _, dir := range []string{"bin", "dev", "etc", "lib", "proc", "programs", "root", "run", "sys", "tmp"} {
		check(t, os.MkdirAll(in(dir), 0o755))
	}
	check(t, os.Chmod(in("tmp"), 0o1777))
	write := func(name, text string) { check(t, os.WriteFile(in(name), []byte(text), 0o755)) }
	copied := func(name, from string) {
		b, err := os.ReadFile(from)
		check(t, err)
		write(name, string(b))
	}
	write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/tmp:/bin/sh\n")
	write("etc/group", "root:x:0:\nalice:x:1000:\n")
	copied("init", "testdata/init")
	copied("bin/busybox", m.file("busybox"))
	copied("lib/overlay.ko", m.file("overlay.ko"))

	m.run(t, "make", "-s", "-C", top, "embed", "ARCH="+m.arch, "EMBED="+in("programs"))
	overlay := m.overlay(t, in("programs"))
	m.run(t, "go", "build", "-overlay", overlay, "-o", in("bin/weir"), top+"/cmd/weir")
	machine{arch: m.other}.run(t, "go", "build", "-o", in("programs/other"), "./testdata/other")
	for _, s := range suites {
		from := filepath.Join(top, s.room)
		m.run(t, "go", "test", "-c", "-overlay", overlay, "-o", in("tests/"+s.room+"/test"), from)
		if _, err := os.Stat(from + "/testdata"); err == nil {
			check(t, os.CopyFS(in("tests/"+s.room+"/testdata"), os.DirFS(from+"/testdata")))
		}
		programs, err := filepath.Glob(from + "/testdata/*/main.go")
		check(t, err)
		for _, main := range programs {
			dir := filepath.Dir(main)
			m.run(t, "go", "build", "-o", in("programs/"+filepath.Base(dir)), dir)
		}
	}
	var script strings.Builder
	for _, s := range suites {
		script.WriteString(s.script())
	}
	write("suites", script.String())

	image = filepath.Join(t.TempDir(), "disk")
	m.run(t, "mke2fs", "-q", "-t", "ext4", "-d", root, image, "1G")
	return image
}

// overlay is what go build needs to embed the programs in dir, of another architecture than those beside the source.
func (m machine) overlay(t *testing.T, dir string) (file string) {
	t.Helper()
	embed, err := filepath.Abs(top + "/cmd/weir/embed")
	check(t, err)
	replace := map[string]string{}
	for _, name := range []string{"weir-init", "weir-prober", "weir-images"} {
		replace[filepath.Join(embed, name)] = filepath.Join(dir, name)
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	check(t, err)
	file = filepath.Join(t.TempDir(), "overlay.json")
	check(t, os.WriteFile(file, b, 0o644))
	return file
}

// run runs a command that makes something for the machine.
func (m machine) run(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+m.arch, "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
