package weir_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// floors says which packages a package may import: those on lower floors only.
// ARCHITECTURE.md has the same table.
var floors = map[string]int{
	"internal/spell":              0,
	"seccomp":                     0,
	"syscalls":                    1,
	"bpf":                         1,
	"profile":                     1,
	"calls":                       2,
	"policy":                      2,
	"compile":                     3,
	"compose":                     3,
	"verify":                      3,
	"internal/engines":            3,
	"convert":                     4,
	"decompile":                   4,
	"internal/explain":            4,
	"lint":                        5,
	"":                            5, // package weir
	"internal/sys":                6,
	"internal/yamltree":           6,
	"internal/sys/call":           6,
	"internal/sys/first":          6,
	"internal/sys/thread":         6,
	"kernel":                      7,
	"internal/container/cgroup":   7,
	"internal/engines/installed":  8,
	"internal/engines/running":    7,
	"internal/container/handover": 7,
	"internal/container/inside":   8,
	"internal/userns":             7,
	"internal/image/layer":        8,
	"internal/image":              9,
	"internal/container":          10,
	"internal/artifact":           10,
	"internal/registry":           10,
	"internal/image/transfer":     11,
	"internal/say":                12,
	"internal/probe/wire":         7,
	"internal/probe":              11,
	"cmd/weir":                    13,
	"cmd/weir-images":             13,
	"cmd/weir-init":               13,
	"cmd/weir-prober":             13,
}

// pureFloors is the highest floor that uses the standard library alone and
// builds for every GOOS.
const pureFloors = 5

// forTests are packages that only tests import.
var forTests = map[string]bool{"internal/kerneltest": true, "internal/kerneltest/vm": true, "internal/kerneltest/vm/inside": true, "internal/image/storetest": true, "internal/registry/registrytest": true}

const module = "github.com/weir-dev/weir"

func TestPackagesImportOnlyFromLowerFloors(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Standard", "-deps", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	type pkg struct {
		ImportPath string
		Imports    []string
		Standard   bool
	}
	standard := map[string]bool{"C": false, "unsafe": true}
	var ours []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p pkg
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		standard[p.ImportPath] = p.Standard
		if room, ok := room(p.ImportPath); ok && !strings.HasPrefix(room, "internal/cmd/") && !forTests[room] {
			ours = append(ours, p)
		}
	}
	for _, p := range ours {
		name, _ := room(p.ImportPath)
		floor, ok := floors[name]
		if !ok {
			t.Errorf("%s has no floor: give it one here and a line in ARCHITECTURE.md", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			switch lower, isOurs := room(imp); {
			case isOurs && strings.HasPrefix(lower, "internal/cmd/"), isOurs && forTests[lower]:
				t.Errorf("%s imports %s, which is for tests and generators", p.ImportPath, imp)
			case isOurs && floors[lower] >= floor:
				t.Errorf("%s (floor %d) imports %s (floor %d)", p.ImportPath, floor, imp, floors[lower])
			case !isOurs && !standard[imp] && floor <= pureFloors:
				t.Errorf("%s (floor %d) imports %s: floors 0 to %d use the standard library alone", p.ImportPath, floor, imp, pureFloors)
			case imp == "unsafe" && name != "internal/sys" && !strings.HasPrefix(name, "internal/sys/"):
				t.Errorf("%s imports unsafe, which belongs in internal/sys", p.ImportPath)
			}
		}
	}
}

func TestTheTableOfFloorsIsTheSameInTheArchitecture(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]int{}
	name := regexp.MustCompile("`([^`]+)`")
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \| ([^|]+) \|`).FindAllStringSubmatch(string(text), -1) {
		floor, _ := strconv.Atoi(row[1])
		for _, room := range name.FindAllStringSubmatch(row[2], -1) {
			drawn[strings.TrimPrefix(room[1], "weir")] = floor // the package weir is the module's root
		}
	}
	for room, floor := range floors {
		if got, ok := drawn[room]; !ok || got != floor {
			t.Errorf("%q: floor %d here, %d there (in the table: %v)", room, floor, got, ok)
		}
		delete(drawn, room)
	}
	for room := range drawn {
		t.Errorf("%q is in the table, and not here", room)
	}
}

func TestFloorsBelowTheKernelBuildEverywhere(t *testing.T) {
	for _, goos := range []string{"darwin", "windows", "freebsd", "js"} {
		goarch := "arm64"
		if goos == "js" {
			goarch = "wasm"
		}
		args := []string{"build"}
		for name, floor := range floors {
			if floor <= pureFloors {
				args = append(args, "./"+name)
			}
		}
		cmd := exec.Command("go", args...)
		cmd.Env = append(cmd.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("GOOS=%s: %v\n%s", goos, err, out)
		}
	}
}

// room returns the path of a package inside the module.
func room(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}
