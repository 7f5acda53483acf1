package main

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/internal/userns"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

func TestMain(m *testing.M) {
	if strings.HasSuffix(os.Args[0], ".test") { // and is none of the programs below
		kerneltest.DefaultSignals()
	}
	testscript.Main(m, map[string]func(){
		"weir":           main,
		"confined":       confined,
		image.HelperName: main, // which weir starts itself by
	})
}

// TestScripts runs the pages of testdata. Each is a list of commands with the
// output that they must have; those that need root say so.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("WEIR_ROOT", filepath.Join(env.WorkDir, ".store"))
			env.Values[registryKey{}] = &registryHolder{}
			return nil
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"busybox":  busybox,
			"debian":   debian,
			"archive":  archive,
			"large":    large,
			"registry": registry,
		},
	})
}

// condition tells what the pages can do here: root, containers (as root, or in a user
// namespace), ids (of containers with several users) or cgroups (for their limits).
func condition(name string) (bool, error) {
	switch name {
	case "root":
		return kerneltest.Has(kerneltest.Root)
	case "containers":
		return kerneltest.Has(kerneltest.Containers)
	case "cgroups":
		if os.Getenv(delegatedEnv) != "" {
			return true, nil
		}
		return kerneltest.Has(kerneltest.Root)
	case "ids":
		if !userns.Needed() {
			return true, nil
		}
		ids, err := userns.Mine()
		return err == nil && !ids.One(), err
	}
	return false, fmt.Errorf("unknown condition")
}

// exits CODE COMMAND... runs a command, which must end with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// busybox DIR makes a root file system of Debian's static busybox.
func busybox(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: busybox DIR")
	}
	const source = "/bin/busybox"
	f, err := elf.Open(source)
	if err != nil {
		ts.Fatalf("%v (apt-get install busybox-static)", err)
	}
	defer f.Close()
	if libs, err := f.ImportedLibraries(); err != nil || len(libs) > 0 {
		ts.Fatalf("%s is not static (apt-get install busybox-static)", source)
	}
	root := ts.MkAbs(args[0])
	for _, dir := range []string{"bin", "etc", "tmp", "root"} {
		ts.Check(os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	ts.Check(os.Chmod(filepath.Join(root, "tmp"), 0o1777))
	b, err := os.ReadFile(source)
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(root, "bin/busybox"), b, 0o755))
	for _, name := range []string{
		"sh", "cat", "echo", "env", "false", "grep", "hostname", "id", "ls", "mkdir", "pwd", "sleep", "stty",
		"touch", "true", "tty", "unshare", "whoami", "mount", "ip", "kill", "head", "wc", "dd",
	} {
		ts.Check(os.Symlink("busybox", filepath.Join(root, "bin", name)))
	}
	ts.Check(os.WriteFile(filepath.Join(root, "etc/passwd"), []byte("root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n"), 0o644))
	ts.Check(os.WriteFile(filepath.Join(root, "etc/group"), []byte("root:x:0:\nuser:x:1000:\nextra:x:1001:user\n"), 0o644))
}

// large FILE writes 100 MB of JSON.
func large(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: large FILE")
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = fmt.Fprintf(f, "{%s\"defaultAction\": \"SCMP_ACT_ALLOW\"}", bytes.Repeat([]byte("\n"), 100_000_000))
	ts.Check(err)
	ts.Check(f.Close())
}

// archive FILE REF CONFIG ROOT writes what docker save would write of an image
// with one layer, ROOT, and the configuration in the JSON file CONFIG.
func archive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: archive FILE REF CONFIG ROOT")
	}
	var config v1.ConfigFile
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[2])), &config))
	tar, err := exec.Command("tar", "-C", ts.MkAbs(args[3]), "-c", ".").Output()
	ts.Check(err)
	ts.Check(writeArchive(ts.MkAbs(args[0]), args[1], config, tar))
}

// writeArchive writes an archive of an image with one layer.
func writeArchive(file, ref string, config v1.ConfigFile, tar []byte) error {
	tag, err := name.NewTag(ref)
	if err != nil {
		return err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(tar)), nil
	})
	if err != nil {
		return err
	}
	config.RootFS.Type = "layers"
	img, err := mutate.ConfigFile(empty.Image, &config)
	if err != nil {
		return err
	}
	if img, err = mutate.AppendLayers(img, layer); err != nil {
		return err
	}
	return tarball.WriteToFile(file, tag, img)
}

// debian DIR makes a Debian root file system, once for all tests and runs.
func debian(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: debian DIR")
	}
	cache := filepath.Join(os.TempDir(), "weir-test-bookworm")
	if _, err := os.Stat(filepath.Join(cache, "etc/debian_version")); err != nil {
		tmp, err := os.MkdirTemp(os.TempDir(), "weir-test-bookworm-")
		ts.Check(err)
		cmd := exec.Command("debootstrap", "--variant=minbase", "bookworm", tmp)
		if out, err := cmd.CombinedOutput(); err != nil {
			os.RemoveAll(tmp)
			ts.Fatalf("debootstrap: %v\n%s", err, out)
		}
		ts.Check(os.Chmod(tmp, 0o755))
		ts.Check(os.Rename(tmp, cache))
	}
	ts.Check(os.Symlink(cache, ts.MkAbs(args[0])))
}
