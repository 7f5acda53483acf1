// Package storetest is for tests of what changes an image store. Check reads a store as the documentation of
// package image says that it lies on disk, by none of the store's own code.
package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-dev/weir/internal/image/layer"
	"github.com/weir-dev/weir/internal/userns"
)

// A State is what a whole store holds: references, images and layers, each by name and in order.
type State struct {
	Refs   []string
	Images []string
	Layers []string
	Unused []string // layers that no image has
}

// Check reads the store at dir, which nobody may be changing. Everything that is not whole, and everything
// that only a process on its way may have there, is an error. The layers must be such as layer.Pack makes
// of a tree: each is packed again, and must have the digest that is its name.
func Check(dir string) (State, error) {
	c := &checker{dir: dir, used: map[string]bool{}}
	c.top()
	c.content()
	c.images()
	c.refs()
	c.layers()
	return c.State, errors.Join(c.problems...)
}

type checker struct {
	State
	dir      string
	used     map[string]bool // layers
	problems []error
}

func (c *checker) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf(format, args...))
}

// list gives the names in a directory of the store.
func (c *checker) list(elem ...string) []string {
	entries, err := os.ReadDir(filepath.Join(c.dir, filepath.Join(elem...)))
	if err != nil {
		c.problem("%w", err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (c *checker) top() {
	for _, name := range c.list() {
		if !slices.Contains([]string{"layers", "images", "refs", "tmp", "scratch", "partial", "content", "ids"}, name) {
			c.problem("%s does not belong into a store", name)
		}
	}
	for _, part := range []string{"tmp", "scratch"} {
		if names := c.list(part); len(names) > 0 {
			c.problem("left in %s: %v", part, names)
		}
	}
}

// content is checked by its digests. What partial has nobody takes for whole.
func (c *checker) content() {
	if _, err := os.Lstat(filepath.Join(c.dir, "content")); err != nil {
		return // it is made when it is first needed
	}
	for _, name := range c.list("content") {
		b, err := os.ReadFile(filepath.Join(c.dir, "content", name))
		if sum := sha256.Sum256(b); err != nil || hex.EncodeToString(sum[:]) != name {
			c.problem("content %s is not the %d bytes that it should be: %v", name, len(b), err)
		}
	}
}

var isHex = regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString

func (c *checker) images() {
	c.Images = c.list("images")
	for _, name := range c.Images {
		b, err := os.ReadFile(filepath.Join(c.dir, "images", name))
		if err != nil {
			c.problem("%w", err)
			continue
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != name {
			c.problem("image %s is not the %d bytes that it should be", name, len(b))
			continue
		}
		var config struct {
			RootFS struct {
				DiffIDs []string `json:"diff_ids"`
			} `json:"rootfs"`
		}
		if err := json.Unmarshal(b, &config); err != nil {
			c.problem("image %s: %w", name, err)
		}
		for _, id := range config.RootFS.DiffIDs {
			id = strings.TrimPrefix(id, "sha256:")
			c.used[id] = true
			if _, err := os.Stat(filepath.Join(c.dir, "layers", id)); err != nil {
				c.problem("image %s: %w", name, err)
			}
		}
	}
}

func (c *checker) refs() {
	top := filepath.Join(c.dir, "refs")
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		c.Refs = append(c.Refs, path[len(top)+1:])
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		id, ok := strings.CutPrefix(strings.TrimSuffix(string(b), "\n"), "sha256:")
		if !ok || !isHex(id) || !slices.Contains(c.Images, id) {
			c.problem("reference %s stands for %q, which is no image here", path, b)
		}
		return nil
	})
	if err != nil {
		c.problem("%w", err)
	}
}

func (c *checker) layers() {
	var owner func(uid, gid uint32) (uint32, uint32)
	if userns.Needed() {
		ids, err := userns.Mine()
		if err != nil {
			c.problem("%w", err)
			return
		}
		owner = ids.Inside
	}
	c.Layers = c.list("layers")
	for _, id := range c.Layers {
		if !c.used[id] {
			c.Unused = append(c.Unused, id)
		}
		if names := c.list("layers", id); !slices.Equal(names, []string{"fs", "size"}) {
			c.problem("layer %s holds %v, want fs and size", id, names)
			continue
		}
		dir := filepath.Join(c.dir, "layers", id)
		h := sha256.New()
		if err := layer.Pack(filepath.Join(dir, "fs"), h, owner); err != nil {
			c.problem("layer %s: %w", id, err)
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != id {
			c.problem("layer %s is not whole: what lies there packs to %s", id, got)
		}
		want, err := size(filepath.Join(dir, "fs"))
		b, rerr := os.ReadFile(filepath.Join(dir, "size"))
		if err := errors.Join(err, rerr); err != nil {
			c.problem("layer %s: %w", id, err)
		} else if string(b) != strconv.FormatInt(want, 10) {
			c.problem("layer %s: its size is given as %q, and is %d", id, b, want)
		}
	}
}

// size is the sum of the bytes of the regular files, of which none may have two names.
func size(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}
