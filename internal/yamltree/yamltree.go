// Package yamltree reads YAML into the tree that package convert takes. It is linked
// into weir-images alone, because its library takes time at every start; see [Write].
package yamltree

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/weir-dev/weir/convert"
)

// maxNodes bounds what aliases can blow a document up to.
const maxNodes = 1_000_000

// A Reply is what [Write] writes: a tree, or why there is none.
type Reply struct {
	Root  *convert.Node `json:"root,omitempty"`
	Error string        `json:"error,omitempty"`
}

// Write reads a document of YAML and writes a [Reply] as JSON.
func Write(w io.Writer, r io.Reader) error {
	var reply Reply
	root, err := Read(r)
	if reply.Root = root; err != nil {
		reply.Error = err.Error()
	}
	return json.NewEncoder(w).Encode(reply)
}

// Read reads the one document of a text. Anchors and aliases are followed.
func Read(r io.Reader) (*convert.Node, error) {
	dec := yaml.NewDecoder(r)
	var doc yaml.Node
	if err := dec.Decode(&doc); err == io.EOF {
		return nil, errors.New("the document is empty")
	} else if err != nil {
		return nil, err
	}
	var more yaml.Node
	if err := dec.Decode(&more); err == nil {
		return nil, fmt.Errorf("line %d: a second document: a file holds one profile", more.Line)
	} else if err != io.EOF {
		return nil, err
	}
	t := tree{left: maxNodes}
	root, err := t.node(&doc, 0)
	return &root, err
}

type tree struct{ left int }

// maxDepth is deeper than any manifest.
const maxDepth = 100

func (t *tree) node(y *yaml.Node, depth int) (convert.Node, error) {
	n := convert.Node{Line: y.Line, Column: y.Column}
	if t.left--; t.left < 0 || depth > maxDepth {
		return n, fmt.Errorf("line %d: the document is too large, or refers to itself", y.Line)
	}
	switch y.Kind {
	case yaml.DocumentNode:
		return t.node(y.Content[0], depth+1)
	case yaml.AliasNode:
		return t.node(y.Alias, depth+1)
	case yaml.ScalarNode:
		var err error
		n.Scalar, err = scalar(y)
		return n, err
	case yaml.SequenceNode:
		n.List = true
		for _, c := range y.Content {
			value, err := t.node(c, depth+1)
			if err != nil {
				return n, err
			}
			n.Values = append(n.Values, value)
		}
		return n, nil
	}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		if key.Tag == "!!merge" {
			return n, fmt.Errorf("line %d: merge keys (<<) are not read: write the keys out", key.Line)
		}
		if key.Kind != yaml.ScalarNode {
			return n, fmt.Errorf("line %d: a key that is no scalar", key.Line)
		}
		text, err := json.Marshal(key.Value)
		if err != nil {
			return n, err
		}
		value, err := t.node(y.Content[i+1], depth+1)
		if err != nil {
			return n, err
		}
		n.Keys = append(n.Keys, convert.Node{Line: key.Line, Column: key.Column, Scalar: string(text)})
		n.Values = append(n.Values, value)
	}
	return n, nil
}

// scalar writes a scalar as JSON.
func scalar(y *yaml.Node) (string, error) {
	var value any = y.Value
	switch y.Tag {
	case "!!null":
		return "null", nil
	case "!!bool":
		var b bool
		if err := y.Decode(&b); err != nil {
			return "", err
		}
		value = b
	case "!!int":
		var n uint64
		if err := y.Decode(&n); err == nil {
			return strconv.FormatUint(n, 10), nil
		}
		var negative int64
		if err := y.Decode(&negative); err != nil {
			return "", fmt.Errorf("line %d: %s does not fit into 64 bits", y.Line, y.Value)
		}
		value = negative
	case "!!float":
		var f float64
		if err := y.Decode(&f); err != nil {
			return "", err
		}
		value = f
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("line %d: %s: %w", y.Line, y.Value, err)
	}
	return string(text), nil
}
