package convert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/weir-dev/weir/profile"
)

// A Node is a value of a document in JSON or YAML, with its place. Package
// internal/yamltree makes them of YAML.
type Node struct {
	Line   int `json:"l"`
	Column int `json:"c"`

	// Scalar is the JSON of a string, number, boolean or null; empty for the others.
	Scalar string `json:"s,omitempty"`

	List   bool   `json:"a,omitempty"` // Values are elements; otherwise those of Keys
	Keys   []Node `json:"k,omitempty"` // scalars
	Values []Node `json:"v,omitempty"`
}

// value returns the value of a key, nil if an object does not have it.
func (n *Node) value(key string) *Node {
	for i := range n.Keys {
		if n.Keys[i].text() == key {
			return &n.Values[i]
		}
	}
	return nil
}

// repeated returns a key that an object has twice: readers disagree about which counts.
func (n *Node) repeated() *Node {
	seen := make(map[string]bool, len(n.Keys))
	for i := range n.Keys {
		key := n.Keys[i].text()
		if seen[key] {
			return &n.Keys[i]
		}
		seen[key] = true
	}
	for i := range n.Values {
		if key := n.Values[i].repeated(); key != nil {
			return key
		}
	}
	return nil
}

// text returns what a string holds, empty for anything else.
func (n *Node) text() string {
	var s string
	if json.Unmarshal([]byte(n.Scalar), &s) != nil {
		return ""
	}
	return s
}

func (n *Node) object() bool { return n.Scalar == "" && !n.List }

func (n *Node) position(file string) profile.Position {
	return profile.Position{File: file, Line: n.Line, Column: n.Column}
}

// parseJSON reads a document.
func parseJSON(file string, src []byte) (*Node, error) {
	r := &jsonReader{src: src, dec: json.NewDecoder(bytes.NewReader(src)), line: 1}
	r.dec.UseNumber()
	n, err := r.next()
	if err == nil {
		if _, more := r.dec.Token(); more != io.EOF {
			err = errors.New("more text after the end of the document")
		}
	}
	if err != nil {
		at := r.place()
		return nil, &profile.Error{Problems: []profile.Problem{{Pos: at.position(file), Msg: err.Error()}}}
	}
	return n, nil
}

// A jsonReader makes nodes of tokens.
type jsonReader struct {
	src  []byte
	dec  *json.Decoder
	at   int // where lines are counted to
	line int
	head int // where the line begins
}

// place returns a node at the next token.
func (r *jsonReader) place() Node {
	for end := int(r.dec.InputOffset()); r.at < end; r.at++ {
		r.count()
	}
	for r.at < len(r.src) && strings.IndexByte(" \t\r\n,:", r.src[r.at]) >= 0 {
		r.count()
		r.at++
	}
	return Node{Line: r.line, Column: r.at - r.head + 1}
}

func (r *jsonReader) count() {
	if r.src[r.at] == '\n' {
		r.line, r.head = r.line+1, r.at+1
	}
}

func (r *jsonReader) next() (*Node, error) {
	n := r.place()
	token, err := r.dec.Token()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	switch token {
	case json.Delim('['):
		n.List = true
	case json.Delim('{'):
	default:
		scalar, err := json.Marshal(token)
		n.Scalar = string(scalar)
		return &n, err
	}
	for r.dec.More() {
		if !n.List {
			key, err := r.next()
			if err != nil {
				return nil, err
			}
			n.Keys = append(n.Keys, *key)
		}
		value, err := r.next()
		if err != nil {
			return nil, err
		}
		n.Values = append(n.Values, *value)
	}
	_, err = r.dec.Token()
	return &n, err
}

// A document is text in the OCI's or Docker's dialect that was made from another
// form: a token a line, and where each comes from.
type document struct {
	file  string
	text  bytes.Buffer
	lines []profile.Position
}

func (d *document) token(at profile.Position, format string, args ...any) {
	fmt.Fprintf(&d.text, format+"\n", args...)
	d.lines = append(d.lines, at)
}

// value writes a node.
func (d *document) value(n *Node) {
	at := n.position(d.file)
	if n.Scalar != "" {
		d.token(at, "%s", n.Scalar)
		return
	}
	open, shut := "{", "}"
	if n.List {
		open, shut = "[", "]"
	}
	d.token(at, "%s", open)
	for i := range n.Values {
		if i > 0 {
			d.token(at, ",")
		}
		if !n.List {
			d.token(n.Keys[i].position(d.file), "%s:", n.Keys[i].Scalar)
		}
		d.value(&n.Values[i])
	}
	d.token(at, "%s", shut)
}

// parse reads the document.
func (d *document) parse(o profile.Options) (*profile.Profile, error) {
	o.Lines = d.lines
	return profile.Parse(d.file, d.text.Bytes(), o)
}
