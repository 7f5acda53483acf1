package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// comparisonPage lists each difference between a container of Docker's and one of
// weir's, with its reason. -update rewrites it and keeps the reasons.
const comparisonPage = "../../docs/docker.md"

// dockerVersion is the one that the page is about: that of Debian 12.
const dockerVersion = "20.10.24"

// A row is a difference: what two containers have in some of the comparisons.
type row struct {
	names               []string
	docker, weir, cases string
}

type comparison struct {
	rows []*row
}

// add adds the differences of one comparison.
func (c *comparison) add(name string, docker, weir map[string]string) {
	both := maps.Clone(docker)
	maps.Copy(both, weir)
next:
	for _, key := range slices.Sorted(maps.Keys(both)) {
		d, w := or(docker, key), or(weir, key)
		if d == w {
			continue
		}
		if strings.HasPrefix(key, "mount ") && d != "-" && w != "-" {
			d, w = apart(d, w)
		}
		for _, r := range c.rows {
			if r.names[0] == key && r.docker == d && r.weir == w {
				r.cases += ", " + name
				continue next
			}
		}
		c.rows = append(c.rows, &row{[]string{key}, d, w, name})
	}
}

// apart leaves of two mounts what the other one does not have.
func apart(docker, weir string) (string, string) {
	words := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' })
	}
	without := func(s, other []string) string {
		s = slices.DeleteFunc(slices.Clone(s), func(word string) bool { return slices.Contains(other, word) })
		return cmp.Or(strings.Join(s, ","), "-")
	}
	d, w := words(docker), words(weir)
	return without(d, w), without(w, d)
}

func or(values map[string]string, key string) string {
	return cmp.Or(strings.TrimSpace(values[key]), "-")
}

// page writes the rows as a table, those that only differ in the name as one.
func (c *comparison) page(reasons map[string]string) (page string, unexplained []string) {
	var all []string
	for _, c := range comparisons {
		all = append(all, c.name)
	}
	var rows []*row
next:
	for _, r := range c.rows {
		if r.cases == strings.Join(all, ", ") {
			r.cases = "all"
		}
		for _, other := range rows {
			if other.docker == r.docker && other.weir == r.weir && other.cases == r.cases {
				other.names = append(other.names, r.names...)
				continue next
			}
		}
		rows = append(rows, r)
	}
	var b strings.Builder
	b.WriteString(pageHead)
	for _, c := range comparisons {
		fmt.Fprintf(&b, "- %s: `%s`\n", c.name, c.flags)
	}
	b.WriteString(tableHead)
	for _, r := range rows {
		what := "`" + strings.Join(r.names, "`, `") + "`"
		docker, weir := "`"+r.docker+"`", "`"+r.weir+"`"
		reason := reasons[what+docker+weir]
		if reason == "" {
			unexplained = append(unexplained, what)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", what, r.cases, docker, weir, reason)
	}
	b.WriteString(pageTail)
	return b.String(), unexplained
}

const pageHead = `# A container of Docker's and one of weir's

This list is complete for what it looks at: mounts and their options, /dev, the status of a process, capabilities, limits,
the environment, the files of /etc that an engine provides, descriptors, session and terminal, namespaces, cgroups, masked
files, kernel settings and the network. A program, cmd/weir/testdata/docker/reveal.sh, prints them in the same image under
Docker ` + dockerVersion + ` (runc, overlay2, cgroup v1) and under weir, with the same flags, and a test keeps this page.

The command lines, behind ` + "`docker run --rm` and `weir run --rm`" + `:

`

const tableHead = `
` + "`-`" + ` is for what is not there. Of a mount that both have, only what differs is shown.

| what | in | Docker | weir | why |
|---|---|---|---|---|
`

const pageTail = `
## Flags

What a flag is given means the same under both, but:

| flag | Docker | weir |
|---|---|---|
| ` + "`--network`" + ` | ` + "`bridge`" + ` unless named | ` + "`none`" + ` unless named; otherwise ` + "`host`" + ` alone |
| ` + "`-v`" + ` of a path that does not exist | makes a directory of the host | refuses, as both do for ` + "`--mount`" + ` |
| ` + "`-v /dev:/dev`" + ` | the devices that the devices cgroup allows, and the host's terminals | the usual devices, and terminals of its own |
| ` + "`--tmpfs`" + ` and another mount at one place | takes both | refuses |
| ` + "`--tmpfs PATH:dev`" + ` | takes it: the devices cgroup stands against it | refuses it, unless privileged |
| ` + "`-m`" + ` where the kernel counts no swap | limits the memory alone, with a warning | refuses, unless ` + "`--memory-swap -1`" + ` asks for that |
| ` + "`--init`" + ` | tini, which the profile must allow to run | four system calls, which are looked for in the profile first |
| ` + "`--stop-signal`" + `, an image's ` + "`STOPSIGNAL`" + ` | what ` + "`docker stop`" + ` sends | what the program gets when weir gets SIGTERM, as there is no ` + "`weir stop`" + ` |
| an image's ` + "`VOLUME`" + ` | a volume, which can be written to even with ` + "`--read-only`" + ` | a directory as any other |
`

// readReasons reads the reasons from a page, by the differences that they are for.
func readReasons(page string) map[string]string {
	reasons := map[string]string{}
	for line := range strings.Lines(page) {
		if cells := strings.Split(strings.Trim(line, "| \n"), " | "); strings.HasPrefix(line, "| `") && len(cells) == 5 {
			reasons[cells[0]+cells[2]+cells[3]] = cells[4]
		}
	}
	return reasons
}

func (c *comparison) check(t *testing.T) {
	t.Helper()
	old, err := os.ReadFile(comparisonPage)
	if err != nil && !*update {
		t.Fatal(err)
	}
	page, unexplained := c.page(readReasons(string(old)))
	if *update {
		if err := os.WriteFile(comparisonPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if page != string(old) {
		t.Errorf("%s is not what was found (-update rewrites it):\n%s", comparisonPage, lineDiff(string(old), page))
	}
	for _, what := range unexplained {
		t.Errorf("%s: a difference without a reason", what)
	}
}

// lineDiff lists the lines that only one of two texts has.
func lineDiff(old, new string) string {
	var b strings.Builder
	has := func(text, line string) bool { return slices.Contains(strings.SplitAfter(text, "\n"), line) }
	for line := range strings.Lines(old) {
		if !has(new, line) {
			b.WriteString("- " + line)
		}
	}
	for line := range strings.Lines(new) {
		if !has(old, line) {
			b.WriteString("+ " + line)
		}
	}
	return b.String()
}
