package profile

import (
	"fmt"
	"strings"
)

// fields are the keys that an object may have.
type fields struct {
	keys []string // at most 16
	oci  int      // the first so many are the OCI's

	// strict: any unknown key may have been meant to restrict. Elsewhere only one
	// that looks like a slip may, such as "syscals": the others say something to
	// other readers.
	strict bool
}

var (
	topFields = fields{
		keys: []string{"syscalls", "defaultAction", "defaultErrnoRet", "architectures", "flags",
			"listenerPath", "listenerMetadata", "archMap", "defaultErrno", "extends"},
		oci: 7,
	}
	archMapFields = fields{
		keys: []string{"architecture", "subArchitectures"},
	}
	ruleFields = fields{
		keys:   []string{"names", "action", "args", "errnoRet", "includes", "excludes", "comment", "errno", "name"},
		oci:    4,
		strict: true,
	}
	argFields = fields{
		keys:   []string{"index", "value", "valueTwo", "op"},
		oci:    4,
		strict: true,
	}
	filterFields = fields{
		keys:   []string{"caps", "arches", "minKernel"},
		strict: true,
	}
)

// field reads a key, and its value if that is null or nobody's. It returns the
// key as [fields] has it, or "" if there is nothing left to read. Keys that were
// seen are bits in seen.
func (p *parser) field(f *fields, seen *uint16) string {
	text, pos := p.key()
	if p.bad {
		return ""
	}
	i := f.find(text)
	p.path[p.depth-1] = step{text, -1}
	if i < 0 {
		i = f.findFolded(text)
		if i >= 0 && !p.knows(f, i) {
			i = -1
		}
		if i >= 0 {
			p.loosens(pos, fmt.Sprintf("unknown key %q", clip(text)), fmt.Sprintf("it is written %q", f.keys[i]),
				"read in any case, as by "+p.options.Dialect.reader())
		}
	}
	switch {
	case i < 0:
		p.unknownKey(f, text, pos)
		p.skip(0)
		return ""
	case !p.knows(f, i):
		p.foreignKey(f, text, pos)
		p.skip(0)
		return ""
	case *seen&(1<<i) != 0:
		p.report(pos, fmt.Sprintf("the key %q is there twice", f.keys[i]), "runtimes disagree about which one counts: remove one")
		p.skip(0)
		return ""
	}
	*seen |= 1 << i
	p.path[p.depth-1].key = f.keys[i]
	if p.null() {
		return ""
	}
	return f.keys[i]
}

func (f *fields) find(key string) int {
	for i, k := range f.keys {
		if k == key {
			return i
		}
	}
	return -1
}

func (f *fields) findFolded(key string) int {
	for i, k := range f.keys {
		if strings.EqualFold(k, key) {
			return i
		}
	}
	return -1
}

// knows reports whether the dialect has the key.
func (p *parser) knows(f *fields, i int) bool {
	return p.options.Dialect == Superset || i < f.oci
}

func (p *parser) unknownKey(f *fields, key string, pos Pos) {
	keys := f.keys
	if p.options.Dialect == OCI {
		keys = keys[:f.oci]
	}
	if key == "$schema" {
		return // for editors
	}
	msg, near := fmt.Sprintf("unknown key %q", clip(key)), nearest(key, keys, "")
	switch {
	case near != "":
		p.loosens(pos, msg, didYouMean(near), "ignored, as by "+p.options.Dialect.reader())
	case f.strict:
		p.loosens(pos, msg, oneOf(keys), "ignored, as by "+p.options.Dialect.reader())
	default:
		p.note(pos, msg+" is ignored", "")
	}
}

// foreignKey reports a key that Docker, Podman or weir reads and an OCI runtime
// does not. An OCI runtime would apply a conditional rule always, and forget what
// a profile extends.
func (p *parser) foreignKey(f *fields, key string, pos Pos) {
	msg := fmt.Sprintf("the OCI format has no key %q", key)
	if f.strict && key != "comment" || key == "extends" {
		p.loosens(pos, msg, "an OCI runtime ignores it: weir convert --to oci resolves it for a machine", "ignored, as by runc")
	} else {
		p.note(pos, msg+": it is ignored", "")
	}
}
