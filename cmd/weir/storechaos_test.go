package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image/storetest"
)

// What changes the store is killed at whatever moment; the store is whole, and the next command works. It lies on a
// tmpfs: where commands wait for a disk, most kills hit that.
func TestSIGKILLAtAnyMomentLeavesTheStoreWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute long")
	}
	dir, err := os.MkdirTemp("/dev/shm", "store")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := newShop(t, dir)
	verbs := [][]string{
		{"import", s.roots[0], "box"},
		{"load", "-i", s.tars[1]},
		{"import", s.roots[1], "box"},
		{"load", "-i", s.tars[0]},
		{"rmi", "-f", "box", "loaded0", "loaded1"},
		{"prune", "-a", "-f"},
	}
	var whole []time.Duration
	for _, verb := range verbs {
		start := time.Now()
		s.must(t, verb...)
		whole = append(whole, time.Since(start))
	}
	left := 0
	for i := range 200 {
		k := rand.N(len(verbs))
		cmd := s.weir(verbs[k]...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(whole[k] * 5 / 4))
		unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
		cmd.Wait()
		if !ended(cmd) {
			t.Fatal("it survives SIGKILL")
		}
		if names, err := os.ReadDir(filepath.Join(s.store, "tmp")); err == nil && len(names) > 0 {
			left++
		}
		s.must(t, "images")
		state := s.check(t)
		if i%10 == 9 {
			s.must(t, "import", s.roots[0], "box")
			s.must(t, "run", "box", "sh", "-c", "test -s /own")
			s.check(t)
		}
		if i%50 == 49 {
			t.Logf("after %d kills: %d images, %d layers, %d of them unused", i+1, len(state.Images), len(state.Layers), len(state.Unused))
		}
	}
	t.Logf("%d kills left something on its way", left)
	if left == 0 {
		t.Error("no kill hit a layer on its way")
	}
	s.must(t, "prune", "-a", "-f")
	if state := s.check(t); !reflect.DeepEqual(state, storetest.State{}) {
		t.Errorf("prune leaves %+v", state)
	}
}

// Imports, removals and runs of one image at once: each works, or says that the image is not there or in use.
func TestManyCommandsAtOneImage(t *testing.T) {
	s := newShop(t, filepath.Join(t.TempDir(), "store"))
	verbs := [][]string{
		{"import", s.roots[0], "box"},
		{"import", s.roots[1], "box"},
		{"load", "-i", s.tars[0]},
		{"run", "--pull", "never", "box", "sh", "-c", "test -s /own"},
		{"run", "--pull", "never", "loaded0", "sh", "-c", "test -s /own"},
		{"rmi", "box"},
		{"rmi", "loaded0"},
		{"prune", "-a", "-f"},
		{"images"},
		{"inspect", "box"},
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	count := map[string]int{}
	end := time.Now().Add(8 * time.Second)
	for range 4 {
		all.Go(func() {
			for time.Now().Before(end) {
				verb := verbs[rand.N(len(verbs))]
				out, err := s.weir(verb...).CombinedOutput()
				outcome := "ok"
				switch {
				case err == nil:
				case verb[0] != "import" && verb[0] != "load" && verb[0] != "images" && verb[0] != "prune" && strings.Contains(string(out), ": not found;"):
					outcome = "not found"
				case verb[0] == "rmi" && strings.Contains(string(out), ": in use: "):
					outcome = "in use"
				default:
					t.Errorf("weir %s: %v\n%s", strings.Join(verb, " "), err, out)
				}
				mu.Lock()
				count[verb[0]+" "+outcome]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	t.Log(count)
	s.must(t, "images")
	s.check(t)
}
