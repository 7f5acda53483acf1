package explain

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// Write prints the profile for people. The first ABI is printed whole, of the
// others what differs.
func (r *Reading) Write(w io.Writer, s Style) error {
	var b strings.Builder
	b.WriteString(s.paint(cell{color: bold}, r.Profile) + "  ")
	where, newer := fmt.Sprintf("on Linux %v, %s, with %s", r.Facts.Kernel, r.Facts.Arch, capsText(r.caps)), "newer than the profile"
	if r.Facts.Kernel == "" {
		where, newer = "on "+r.Facts.Arch, "newer calls"
	}
	s.wrap(&b, cell{where, dim}, 2)
	b.WriteString("\n\n")
	rows := [][]cell{{{"by default", plain}, verdict(&r.Default)}}
	if n := r.ABIs[0].Newer; n != nil {
		rows = append(rows, []cell{{newer, plain}, verdict(&n.Outcome)})
	}
	rows = append(rows, []cell{{"other architectures", plain}, verdict(&r.Foreign)})
	s.table(&b, "", rows)
	for i := range r.ABIs {
		r.writeABI(&b, s, i)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func capsText(caps seccomp.Caps) string {
	switch caps {
	case 0:
		return "no capabilities"
	case seccomp.DefaultCaps:
		return "Docker's default capabilities"
	case seccomp.AllCaps:
		return "all capabilities"
	}
	var names []string
	for _, c := range caps.List() {
		names = append(names, c.String())
	}
	return strings.Join(names, ", ")
}

// writeABI writes the groups of an ABI, without what the first one has too.
func (r *Reading) writeABI(b *strings.Builder, s Style, i int) {
	abi, title := r.ABIs[i], "\n"+s.paint(cell{color: bold}, r.ABIs[i].Arch)
	if i > 0 {
		title += s.paint(cell{color: dim}, ", where it differs from "+r.ABIs[0].Arch)
		abi = abi.without(&r.ABIs[0])
	}
	b.WriteString(title + "\n")
	for j, g := range abi.Groups {
		if j == 1 {
			abi.writeWhen(b, s)
		}
		name := verdict(&g.Outcome)
		head := cell{fmt.Sprintf("%s (%d)", name.text, len(g.Calls)), name.color}
		if g.Outcome.ret == r.Default.ret {
			head.text += ", the default"
		}
		names := strings.Join(g.Calls, " ")
		if g.Outcome.ret == r.Default.ret && !g.Outcome.denies() {
			names = "every other call"
		}
		s.table(b, "  ", [][]cell{{head}})
		s.table(b, "    ", [][]cell{{{names, plain}}})
	}
	if len(abi.Groups) < 2 {
		abi.writeWhen(b, s)
	}
	abi.writeBeyond(b, s)
	if n := abi.Newer; n != nil {
		name := verdict(&n.Outcome)
		head := cell{fmt.Sprintf("%s above number %d, %s", name.text, n.After&^(1<<30), n.Last), name.color}
		if len(n.Known) > 0 {
			head.text += fmt.Sprintf(" (%d)", len(n.Known))
		}
		s.table(b, "  ", [][]cell{{head}})
		if len(n.Known) > 0 {
			s.table(b, "    ", [][]cell{{{strings.Join(n.Known, " "), plain}}})
		}
	}
}

// writeWhen writes the calls that depend on their arguments.
func (abi *ABI) writeWhen(b *strings.Builder, s Style) {
	if len(abi.When) == 0 {
		return
	}
	s.table(b, "  ", [][]cell{{{fmt.Sprintf("by argument (%d)", len(abi.When)), yellow}}})
	var rows [][]cell
	for _, w := range abi.When {
		name := w.Call
		for _, row := range cases(w.Cases) {
			rows = append(rows, []cell{{name, plain}, row[0], row[2]})
			name = ""
		}
	}
	s.table(b, "    ", rows)
}

// writeBeyond writes the calls about which no rule can say what they get.
func (abi *ABI) writeBeyond(b *strings.Builder, s Style) {
	var heads []string
	names := map[string][]string{}
	for i := range abi.Beyond {
		beyond := &abi.Beyond[i]
		head := beyond.text() + ": " + beyond.Why
		if names[head] == nil {
			heads = append(heads, head)
		}
		if !slices.Contains(names[head], beyond.Call) {
			names[head] = append(names[head], beyond.Call)
		}
	}
	for _, head := range heads {
		s.table(b, "  ", [][]cell{{{head, yellow}}})
		s.table(b, "    ", [][]cell{{{strings.Join(names[head], " "), plain}}})
	}
}

// without leaves out the calls that another ABI treats alike.
func (abi ABI) without(o *ABI) ABI {
	other := map[string]string{}
	for _, g := range o.Groups {
		for _, c := range g.Calls {
			other[c] = g.Outcome.Text
		}
	}
	for _, w := range o.When {
		other[w.Call] = w.text()
	}
	rest := ABI{Arch: abi.Arch, Newer: abi.Newer, Beyond: abi.Beyond}
	for _, g := range abi.Groups {
		g.Calls = slices.DeleteFunc(slices.Clone(g.Calls), func(c string) bool { return other[c] == g.Outcome.Text })
		if len(g.Calls) > 0 {
			rest.Groups = append(rest.Groups, g)
		}
	}
	for _, w := range abi.When {
		if other[w.Call] != w.text() {
			rest.When = append(rest.When, w)
		}
	}
	if n, first := abi.Newer, o.Newer; n != nil && first != nil && n.Last == first.Last && slices.Equal(n.Known, first.Known) {
		rest.Newer = nil
	}
	return rest
}

// text tells what a call depends on apart from what another does.
func (w *When) text() string {
	var b strings.Builder
	for _, c := range w.Cases {
		b.WriteString(c.Outcome.Text + strings.Join(c.When, "&") + "\n")
	}
	return b.String()
}
