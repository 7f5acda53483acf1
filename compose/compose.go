package compose

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/weir-dev/weir/profile"
)

// Options say how a profile is read.
type Options struct {
	profile.Options

	// Artifact returns the text of a profile in a registry. It holds the text
	// against the digest that the reference ends in: oci://NAME@sha256:HEX. Without
	// it, extending such a profile is an error.
	Artifact func(ref string) ([]byte, error)
}

// Limits of what one profile may lead to.
const (
	maxFiles = 64
	maxDepth = 15
	maxBytes = 16 << 20
)

// Parse reads a profile as [profile.Parse] does, and all that it names elsewhere.
// The file is named in messages, and paths in the profile are relative to it.
func Parse(file string, src []byte, o Options) (*profile.Profile, error) {
	p, err := profile.Parse(file, src, o.Options)
	if err != nil || p.Plain() {
		return p, err
	}
	c := composer{options: o}
	first := &node{profile: p, ref: file}
	if !isArtifact(file) {
		first.dir, first.info = filepath.Dir(file), stat(file)
	}
	if err := c.visit(first); err != nil {
		return nil, err
	}
	return c.compose()
}

// A node is one file.
type node struct {
	profile *profile.Profile
	below   []*node
	dir     string      // what its paths are relative to; empty if it may have none
	info    fs.FileInfo // nil for what is no file
	ref     string      // what it is called

	entered, left bool
}

type composer struct {
	options Options
	nodes   []*node // all that were found
	order   []*node // each behind those that it extends
	inside  []*node // those that lead to the current one
	bytes   int
}

// visit reads what a node names, and those below it. The list is gone through
// from its end, so that the order turned around is the list's.
func (c *composer) visit(n *node) error {
	n.entered = true
	c.nodes = append(c.nodes, n)
	c.inside = append(c.inside, n)
	if err := lookUp(n.profile, c.options.Lenient); err != nil {
		return err
	}
	n.below = make([]*node, len(n.profile.Extends))
	for i := len(n.below) - 1; i >= 0; i-- {
		below, err := c.follow(n, i)
		if err != nil {
			return err
		}
		n.below[i] = below
	}
	for i, below := range n.below {
		if j := slices.Index(n.below, below); j < i {
			return n.refuse(i, fmt.Sprintf("%s is in the list already", below.profile.File), "remove one")
		}
	}
	c.inside = c.inside[:len(c.inside)-1]
	c.order = append(c.order, n)
	n.left = true
	return nil
}

// follow returns the node that entry i of "extends" names.
func (c *composer) follow(n *node, i int) (*node, error) {
	found, err := c.find(n, n.profile.Extends[i].Text)
	if err != nil {
		return nil, n.refuse(i, err.Error(), hintOf(err))
	}
	switch {
	case found.left:
		return found, nil
	case found.entered:
		return nil, n.refuse(i, "it extends itself: "+c.chain(found), "remove one of them")
	case len(c.inside) > maxDepth:
		return nil, n.refuse(i, fmt.Sprintf("more than %d files deep", maxDepth), "")
	case len(c.nodes) == maxFiles:
		return nil, n.refuse(i, fmt.Sprintf("more than %d files", maxFiles), "")
	}
	text, err := c.read(found)
	if err != nil {
		return nil, n.refuse(i, err.Error(), hintOf(err))
	}
	if c.bytes += len(text); c.bytes > maxBytes {
		return nil, n.refuse(i, fmt.Sprintf("the files have more than %d MiB together", maxBytes>>20), "")
	}
	found.profile, err = profile.Parse(found.ref, text, c.options.Options)
	if err != nil {
		return nil, err
	}
	return found, c.visit(found)
}

// chain spells the way from a node to the current one and back.
func (c *composer) chain(from *node) string {
	var files []string
	for _, n := range c.inside[slices.Index(c.inside, from):] {
		files = append(files, n.profile.File)
	}
	return strings.Join(append(files, from.profile.File), ", ")
}

// refuse makes an error of entry i of "extends".
func (n *node) refuse(i int, msg, hint string) error {
	at := n.profile.Extends[i]
	return &profile.Error{Problems: []profile.Problem{n.profile.Problem(at.Pos, fmt.Sprintf("extends[%d]", i), msg, hint)}}
}

// compose puts the files together.
func (c *composer) compose() (*profile.Profile, error) {
	slices.Reverse(c.order)
	files := make([]*profile.Profile, len(c.order))
	below := make([][]int, len(c.order))
	for i, n := range c.order {
		files[i] = n.profile
		for _, b := range n.below {
			below[i] = append(below[i], slices.Index(c.order, b))
		}
	}
	p := profile.Compose(files, below)
	return p, inherit(p, files, below, c.options.Lenient)
}

// A hinted error carries what to do about it.
type hinted struct {
	error
	hint string
}

func hintOf(err error) string {
	if h, ok := errors.AsType[*hinted](err); ok {
		return h.hint
	}
	return ""
}

// find returns the node of a reference, which may have been found before.
func (c *composer) find(from *node, ref string) (*node, error) {
	n := &node{ref: ref}
	switch {
	case ref == "builtin":
	case isArtifact(ref):
		if !pinned(ref) {
			return nil, &hinted{fmt.Errorf("%s has no digest", ref), "what is in a registry is named by its digest, so that it stays what it is: oci://NAME@sha256:HEX"}
		}
		if c.options.Artifact == nil {
			return nil, &hinted{fmt.Errorf("%s is in a registry, and nothing is fetched here", ref), "keep a copy in a file, and extend that"}
		}
	case from.dir == "":
		return nil, fmt.Errorf("%s is a file, and a profile from a registry cannot name files", ref)
	default:
		n.dir = from.dir
		if filepath.IsAbs(ref) {
			n.ref = filepath.Clean(ref)
		} else {
			n.ref = filepath.Join(from.dir, ref)
		}
		n.dir = filepath.Dir(n.ref)
		info, err := os.Stat(n.ref)
		switch {
		case err != nil:
			if e, ok := errors.AsType[*fs.PathError](err); ok {
				err = e.Err
			}
			return nil, &hinted{fmt.Errorf("read profile %s: %w", n.ref, err), "a path is relative to the file that has it"}
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("%s is no regular file", n.ref)
		}
		n.info = info
	}
	for _, known := range c.nodes {
		if n.info != nil && known.info != nil && os.SameFile(n.info, known.info) || n.info == nil && known.info == nil && known.ref == n.ref {
			return known, nil
		}
	}
	return n, nil
}

// read returns the text of a node.
func (c *composer) read(n *node) ([]byte, error) {
	switch {
	case n.info != nil:
		return profile.ReadFile(n.ref)
	case n.ref == "builtin":
		return []byte(profile.DefaultSource()), nil
	}
	text, err := c.options.Artifact(n.ref)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", n.ref, err)
	}
	return text, nil
}

func stat(file string) fs.FileInfo {
	info, err := os.Stat(file)
	if err != nil {
		return nil
	}
	return info
}

// isArtifact tells a reference into a registry.
func isArtifact(ref string) bool { return strings.HasPrefix(ref, "oci://") }

// pinned reports that a reference ends in a digest.
func pinned(ref string) bool {
	name, digest, ok := strings.Cut(ref, "@sha256:")
	return ok && name != "oci://" && len(digest) == 64 && strings.Trim(digest, "0123456789abcdef") == ""
}
