package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// extract asks cc for the value of each constant on each ABI.
func extract(tree string, sets []*set) (values, error) {
	all := values{}
	for i := range abis {
		dir, err := os.MkdirTemp("", "genconstants")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		if err := fakeHeaders(dir, tree, abis[i].dir); err != nil {
			return nil, err
		}
		cc := compiler{&abis[i], tree, dir}
		for _, s := range sets {
			if len(s.headers) == 0 || !cc.has(s.headers[0]) {
				continue
			}
			have, err := cc.values(s)
			if err != nil {
				return nil, fmt.Errorf("%s on %s: %w", s.name, abis[i].name, err)
			}
			for name, v := range have {
				row := all[name]
				row[i] = &v
				all[name] = row
			}
		}
	}
	return all, nil
}

// fakeHeaders makes what `make headers_install` would: asm/x.h for each
// asm-generic/x.h that the architecture does not have, and a linux/compiler.h
// that says nothing.
func fakeHeaders(dir, tree, arch string) error {
	for _, sub := range []string{"asm", "linux"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	for _, empty := range []string{"compiler.h", "compiler_types.h"} {
		if err := os.WriteFile(filepath.Join(dir, "linux", empty), nil, 0o644); err != nil {
			return err
		}
	}
	generic, err := filepath.Glob(filepath.Join(tree, "include/uapi/asm-generic/*.h"))
	if err != nil || len(generic) == 0 {
		return fmt.Errorf("no headers in %s: %v", tree, err)
	}
	for _, g := range generic {
		name := filepath.Base(g)
		if _, err := os.Stat(filepath.Join(tree, "arch", arch, "include/uapi/asm", name)); err == nil {
			continue
		}
		line := fmt.Sprintf("#include <asm-generic/%s>\n", name)
		if err := os.WriteFile(filepath.Join(dir, "asm", name), []byte(line), 0o644); err != nil {
			return err
		}
	}
	return nil
}

type compiler struct {
	abi  *abi
	tree string
	fake string
}

// has reports whether the ABI has a header; asm/prctl.h is x86's alone.
func (c compiler) has(header string) bool {
	for _, dir := range c.include() {
		if _, err := os.Stat(filepath.Join(dir, header)); err == nil {
			return true
		}
	}
	return false
}

// include returns the directories in which headers are looked for, in order.
func (c compiler) include() []string {
	return []string{filepath.Join(c.tree, "arch", c.abi.dir, "include/uapi"), c.fake, filepath.Join(c.tree, "include/uapi")}
}

var undeclared = regexp.MustCompile(`'(\w+)' undeclared`)

// values returns the constants of a set that the ABI has. What it does not have
// is undeclared to cc, and left out the next time.
func (c compiler) values(s *set) (map[string]int64, error) {
	missing := map[string]bool{}
	for {
		out, messages, err := c.compile(s, missing)
		if err == nil {
			return readAssembly(out)
		}
		before := len(missing)
		for _, m := range undeclared.FindAllStringSubmatch(messages, -1) {
			missing[m[1]] = true
		}
		if len(missing) == before {
			return nil, fmt.Errorf("%w\n%s", err, messages)
		}
	}
}

// compile writes each constant into the assembly as a comment, as the kernel's
// asm-offsets do.
func (c compiler) compile(s *set, missing map[string]bool) (assembly []byte, messages string, err error) {
	var src strings.Builder
	for _, header := range append([]string{"linux/types.h", "linux/ioctl.h"}, s.headers...) {
		fmt.Fprintf(&src, "#include <%s>\n", header)
	}
	src.WriteString("typedef __SIZE_TYPE__ size_t; typedef __kernel_loff_t loff_t;\nvoid f(void) {\n")
	for _, name := range s.names {
		if _, given := s.given[name]; !given && !missing[name] {
			fmt.Fprintf(&src, "__asm__(\"@%s %%0@\" :: \"i\"((long long)(%s)));\n", name, name)
		}
	}
	src.WriteString("}\n")

	args := append([]string{"-x", "c", "-S", "-w", "-o", "-", "-nostdinc", "-U__x86_64__", "-U__i386__", "-D__user=", "-D__force=", "-D__attribute_const__=", "-D__always_inline=inline"}, c.abi.cflags...)
	for _, dir := range c.include() {
		args = append(args, "-I", dir)
	}
	args = append(args, "-")
	cmd := exec.Command("cc", args...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	cmd.Stdin = strings.NewReader(src.String())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.Bytes(), errs.String(), err
}

var comment = regexp.MustCompile(`@(\w+) \$(-?\d+)@`)

func readAssembly(text []byte) (map[string]int64, error) {
	have := map[string]int64{}
	for _, m := range comment.FindAllSubmatch(text, -1) {
		v, err := strconv.ParseInt(string(m[2]), 10, 64)
		if err != nil {
			return nil, err
		}
		have[string(m[1])] = v
	}
	return have, nil
}
