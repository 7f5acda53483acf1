package convert

import (
	"slices"
	"strings"
)

// yaml writes a node in block style, as kubectl and people do.
func yaml(n *Node) []byte {
	return []byte(strings.Join(yamlLines(n), "\n") + "\n")
}

// yamlLines returns the lines of an object or list.
func yamlLines(n *Node) (lines []string) {
	for i := range n.Values {
		v := &n.Values[i]
		var inner []string
		one := "" // what fits on the key's own line
		switch {
		case v.Scalar != "":
			one = " " + yamlScalar(v)
		case len(v.Values) == 0 && v.List:
			one = " []"
		case len(v.Values) == 0:
			one = " {}"
		default:
			inner = yamlLines(v)
		}
		if !n.List {
			lines = append(lines, yamlScalar(&n.Keys[i])+":"+one)
			for _, l := range inner {
				lines = append(lines, "  "+l)
			}
			continue
		}
		if inner == nil {
			lines = append(lines, "-"+one)
			continue
		}
		lines = append(lines, "- "+inner[0])
		for _, l := range inner[1:] {
			lines = append(lines, "  "+l)
		}
	}
	return lines
}

// yamlScalar writes a string without quotes if no reader of YAML 1.1 or 1.2 takes it
// for something else, and otherwise as JSON has it.
func yamlScalar(n *Node) string {
	s := n.text()
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_./-", r)
	}
	if s == "" || strings.IndexFunc(s, odd) >= 0 || odd(rune(s[0])) || strings.ContainsRune("0123456789./-", rune(s[0])) {
		return n.Scalar
	}
	if words := []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}; slices.Contains(words, strings.ToLower(s)) {
		return n.Scalar
	}
	return s
}
