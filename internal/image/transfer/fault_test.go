package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/compression"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/image/layer"
	"github.com/weir-dev/weir/internal/image/storetest"
	"github.com/weir-dev/weir/internal/registry"
	"github.com/weir-dev/weir/internal/registry/registrytest"
)

// hasty is to try once.
var hasty = registry.Options{Patience: registry.Patience{Tries: 1}}

// noise makes bytes that no compression makes shorter.
func noise(seed byte, n int) string {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return string(b)
}

// packed makes a layer as storetest.Check wants it: byte for byte as layer.Pack makes it.
func packed(t *testing.T, file, content string) v1.Layer {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := layer.Pack(dir, &b, nil); err != nil {
		t.Fatal(err)
	}
	return layerOf(t, b.Bytes(), compression.GZip)
}

// longImage has a short layer and two that are worth keeping when they are cut.
func longImage(t *testing.T) v1.Image {
	t.Helper()
	return imageOf(t, DefaultPlatform(), packed(t, "short", "short"), packed(t, "one", noise(1, 3<<20)), packed(t, "two", noise(2, 2<<20)))
}

// checkStore wants a store that is whole, and in which the references stand for images. Those by digest that come
// along with a tag are not asked for.
func checkStore(t *testing.T, s *image.Store, refs ...string) {
	t.Helper()
	state, err := storetest.Check(s.Dir())
	if err != nil {
		t.Error(err)
	}
	state.Refs = slices.DeleteFunc(state.Refs, func(ref string) bool { return strings.Contains(ref, "@") })
	if !slices.Equal(state.Refs, refs) {
		t.Errorf("references %q, want %q", state.Refs, refs)
	}
}

func newProxy(t *testing.T, r *testRegistry, silent bool) *registrytest.Proxy {
	t.Helper()
	p, err := registrytest.NewProxy(r.host, silent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// The way is cut after any number of bytes, in the middle of manifest, configuration and layers. The store is whole
// then, and the next pull fetches what is missing and no more.
func TestAPullThatIsCutGoesOn(t *testing.T) {
	r := newRegistry(t)
	img := longImage(t)
	r.push(t, "long:1", img)
	proxy := newProxy(t, r, false)
	ref := parse(t, proxy.Host+"/long:1")

	s := newStore(t)
	if _, err := Pull(t.Context(), s, ref, Options{Registry: hasty}); err != nil {
		t.Fatal(err)
	}
	checkStore(t, s, ref.String())
	whole := proxy.Sent()

	cuts := []int64{0, 1, 10}
	for n := int64(100); n < 6_000; n += 151 {
		cuts = append(cuts, n)
	}
	for n := int64(10_000); n < whole; n += 171_717 {
		cuts = append(cuts, n)
	}
	for _, n := range cuts {
		s := newStore(t)
		proxy.BreakAfter(n)
		read := map[string]int64{}
		_, err := Pull(t.Context(), s, ref, Options{Registry: hasty, Progress: func(l Progress) { read[l.Layer] = l.Done }})
		if err == nil {
			// A ping is made over two connections, and the one that was cut may be the one that nobody needs.
			if n > 1000 {
				t.Errorf("cut after %d bytes: no error", n)
			}
			continue
		}
		if !strings.Contains(err.Error(), proxy.Host) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
		checkStore(t, s)
		_, err = Pull(t.Context(), s, ref, Options{Registry: hasty, Progress: func(l Progress) {
			if l.State == Unpacked && l.Total >= worthKeeping && l.Kept < read[l.Layer] {
				t.Errorf("cut after %d bytes: %d bytes of a layer had been read, and %d were kept", n, read[l.Layer], l.Kept)
			}
		}})
		if err != nil {
			t.Fatalf("cut after %d bytes, and tried again: %v", n, err)
		}
		checkStore(t, s, ref.String())
		if left := leftovers(t, s, "partial"); left != nil {
			t.Errorf("cut after %d bytes: left %v", n, left)
		}
	}
}

func TestAPullIsPatient(t *testing.T) {
	r := newRegistry(t)
	r.push(t, "long:1", longImage(t))
	proxy := newProxy(t, r, false)
	s := newStore(t)
	ref := parse(t, proxy.Host+"/long:1")
	var mu sync.Mutex
	var notices []string
	o := Options{Registry: registry.Options{
		Patience: registry.Patience{Wait: time.Millisecond},
		Notice: func(s string) {
			mu.Lock()
			defer mu.Unlock()
			notices = append(notices, s)
		},
	}}
	proxy.BreakAfter(1 << 20)
	if _, err := Pull(t.Context(), s, ref, o); err != nil {
		t.Error(err)
	}
	checkStore(t, s, ref.String())
	if !strings.Contains(strings.Join(notices, "\n"), "the connection was cut") {
		t.Errorf("it says %q", notices)
	}
}

func TestARegistryThatFallsSilentIsAnErrorThatNamesIt(t *testing.T) {
	r := newRegistry(t)
	img := longImage(t)
	r.push(t, "long:1", img)
	proxy := newProxy(t, r, true)
	s := newStore(t)
	ref := parse(t, proxy.Host+"/long:1")
	proxy.BreakAfter(1 << 20)
	_, err := Pull(t.Context(), s, ref, Options{Registry: registry.Options{Patience: registry.Patience{Tries: 1, Stall: time.Second}}})
	if err == nil || !strings.HasPrefix(err.Error(), "pull "+ref.Familiar()+": layer sha256:") ||
		!strings.Contains(err.Error(), proxy.Host+": nothing came for 1s") {
		t.Errorf("got %v", err)
	}
	checkStore(t, s)
	if _, err := Pull(t.Context(), s, ref, Options{Registry: hasty}); err != nil {
		t.Error(err)
	}
	checkStore(t, s, ref.String())
}

// What an earlier pull left may have been spoilt since, by a power cut say. It is fetched anew then.
func TestAWrongBeginningIsFetchedAnew(t *testing.T) {
	r := newRegistry(t)
	img := longImage(t)
	ref := parse(t, r.push(t, "long:1", img))
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	h, err := layers[1].Digest()
	if err != nil {
		t.Fatal(err)
	}
	blob, err := os.ReadFile(r.BlobFile(h.Hex))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		bytes []byte
		kept  int64
	}{
		{"the right bytes", blob[:1_000_000], 1_000_000},
		{"all of them", blob, int64(len(blob))},
		{"zeros", make([]byte, 1_000_000), 0},
		{"a wrong bit near the end", append(bytes.Clone(blob[:999_999]), blob[999_999]^1), 0},
		{"more than there are", append(bytes.Clone(blob), 0), 0},
		{"nothing", nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t)
			if err := os.Mkdir(filepath.Join(s.Dir(), "partial"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(s.Dir(), "partial", h.Hex), c.bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			kept := int64(-1)
			_, err := Pull(t.Context(), s, ref, Options{Registry: hasty, Progress: func(l Progress) {
				if l.Layer == h.String() && l.State == Unpacked {
					kept = l.Kept
				}
			}})
			if err != nil || kept != c.kept {
				t.Errorf("kept %d, %v; want %d", kept, err, c.kept)
			}
			checkStore(t, s, ref.String())
			if left := leftovers(t, s, "partial"); left != nil {
				t.Errorf("left %v", left)
			}
		})
	}
}

func TestAFullDisk(t *testing.T) {
	r := newRegistry(t)
	ref := parse(t, r.push(t, "long:1", longImage(t)))
	dir := t.TempDir()
	for _, kib := range []int{200, 1000, 2500, 4000, 5000} {
		t.Run(fmt.Sprintf("%d KiB", kib), func(t *testing.T) {
			if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk,mode=700", kib)); err != nil {
				t.Fatal(err)
			}
			defer unix.Unmount(dir, unix.MNT_DETACH)
			s, err := image.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Pull(t.Context(), s, ref, Options{Registry: hasty})
			if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "weir prune") {
				t.Errorf("got %v", err)
			}
			checkStore(t, s)
			if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, "size=50m"); err != nil {
				t.Fatal(err)
			}
			if _, err := Pull(t.Context(), s, ref, Options{Registry: hasty}); err != nil {
				t.Errorf("with more room: %v", err)
			}
			checkStore(t, s, ref.String())
		})
	}
}

// A process that pulls is killed at any moment; the next one, started at once, finds the store whole and finishes.
func TestAKilledPullGoesOn(t *testing.T) {
	r := newRegistry(t)
	ref := r.push(t, "long:1", longImage(t))
	child := func(s *image.Store) *exec.Cmd {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), "WEIR_TEST_PULL="+ref, "WEIR_TEST_STORE="+s.Dir())
		return cmd
	}
	s := newStore(t)
	began := time.Now()
	if out, err := child(s).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	alone := time.Since(began)
	finished, rounds := 0, 60
	if testing.Short() {
		rounds = 10
	}
	for range rounds {
		s := newStore(t)
		for range 3 { // deaths
			cmd := child(s)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(rand.Int64N(int64(alone))))
			cmd.Process.Kill()
			if cmd.Wait() == nil {
				finished++
			}
		}
		if out, err := child(s).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		checkStore(t, s, ref)
		if left := leftovers(t, s, "partial"); left != nil {
			t.Errorf("left %v", left)
		}
		os.RemoveAll(s.Dir())
	}
	t.Logf("%d of %d were done before they were killed", finished, 3*rounds)
}
