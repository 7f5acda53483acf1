package convert

import (
	"fmt"
	"strings"

	"github.com/weir-dev/weir/profile"
)

// A Source is a profile that was read from a form other than its own.
type Source struct {
	Profile *profile.Profile

	// Losses are what the profile could not keep of the form, in its order.
	Losses []profile.Problem
}

// Read reads a form other than Docker's and the OCI's, which package profile reads.
// The positions of messages are those of the text. The error is a *[profile.Error]
// where the text is at fault. YAML is read by [Manifest].
func Read(file string, src []byte, from Format, o profile.Options) (*Source, error) {
	switch from {
	case SPO:
		root, err := parseJSON(file, src)
		if err != nil {
			return nil, err
		}
		return Manifest(file, root, o)
	case Systemd:
		return readUnit(file, string(src), o)
	}
	return nil, fmt.Errorf("reading %s: %v is no form that package convert reads", file, from)
}

// group names the API of the security-profiles-operator.
const group = "security-profiles-operator.x-k8s.io/"

// Manifest reads a SeccompProfile of the security-profiles-operator as the operator
// does: its spec is the OCI's format, of which an errnoRet of 0 is none.
func Manifest(file string, root *Node, o profile.Options) (*Source, error) {
	m := &manifestReader{document: document{file: file}}
	spec := root.value("spec")
	api, kind := root.value("apiVersion"), root.value("kind")
	twice := root.repeated()
	switch {
	case twice != nil:
		m.refuse(twice, "", fmt.Sprintf("the key %s is there twice", twice.Scalar), "remove one")
	case !root.object() || kind == nil:
		m.refuse(root, "", `a manifest has a "kind"`, `that of a profile is SeccompProfile`)
	case kind.text() != "SeccompProfile":
		m.refuse(kind, "kind", fmt.Sprintf("not SeccompProfile but %q", kind.text()), "")
	case api == nil || !strings.HasPrefix(api.text(), group):
		m.refuse(root, "apiVersion", "not one of "+group, "")
	case spec == nil || !spec.object():
		m.refuse(root, "spec", "there is none", "")
	default:
		m.spec(spec)
	}
	if len(m.refused) > 0 {
		return nil, &profile.Error{Problems: m.refused}
	}
	o.Dialect = profile.OCI
	p, err := m.parse(o)
	if err != nil {
		return nil, err
	}
	return &Source{Profile: p, Losses: m.lost}, nil
}

type manifestReader struct {
	document
	lost, refused []profile.Problem
}

func (m *manifestReader) lose(n *Node, path, msg, hint string) {
	m.lost = append(m.lost, profile.Problem{Pos: n.position(m.file), Path: path, Msg: msg, Hint: hint})
}

func (m *manifestReader) refuse(n *Node, path, msg, hint string) {
	m.refused = append(m.refused, profile.Problem{Pos: n.position(m.file), Path: path, Msg: msg, Hint: hint})
}

// spec writes what the operator hands to the runtime.
func (m *manifestReader) spec(n *Node) {
	kept := Node{Line: n.Line, Column: n.Column}
	for i := range n.Keys {
		key, value := &n.Keys[i], n.Values[i]
		path := "spec." + key.text()
		switch key.text() {
		case "baseProfileName":
			if value.text() != "" {
				m.refuse(&value, path, fmt.Sprintf("the operator adds the rules of %q, which is in the cluster", value.text()),
					"convert that profile too, and put the rules of both into one")
			}
			continue
		case "state":
			if value.text() == "Disabled" {
				m.lose(&value, path, "the operator does not install a disabled profile", "")
			}
			continue
		case "defaultErrnoRet":
			m.lose(key, path, "a SeccompProfile has no such key: the operator's default errno is EPERM", "")
			continue
		case "syscalls":
			value = m.rules(&value)
		}
		kept.Keys, kept.Values = append(kept.Keys, *key), append(kept.Values, value)
	}
	m.value(&kept)
}

// rules leaves out errnos of 0.
func (m *manifestReader) rules(list *Node) Node {
	out := *list
	out.Values = nil
	for i, rule := range list.Values {
		kept := rule
		kept.Keys, kept.Values = nil, nil
		for j := range rule.Keys {
			if rule.Keys[j].text() == "errnoRet" && rule.Values[j].Scalar == "0" {
				m.lose(&rule.Values[j], fmt.Sprintf("spec.syscalls[%d].errnoRet", i), "0 is none to the operator, and the runtime then takes EPERM", "")
				continue
			}
			kept.Keys, kept.Values = append(kept.Keys, rule.Keys[j]), append(kept.Values, rule.Values[j])
		}
		if !rule.object() {
			kept = rule
		}
		out.Values = append(out.Values, kept)
	}
	return out
}
