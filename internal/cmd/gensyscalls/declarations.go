package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A declaration is one SYSCALL_DEFINE of the tree.
type declaration struct {
	params string // "int dfd, const char *filename"
	file   string
	guard  string // the symbol of the #if around it, empty for none and in an #else
}

// arch returns the directory under arch/ that the file is in, "" for none.
func (d declaration) arch() string {
	below, ok := strings.CutPrefix(d.file, "arch/")
	if !ok {
		return ""
	}
	dir, _, _ := strings.Cut(below, "/")
	return dir
}

// declarations are keyed by entry point, such as compat_sys_openat.
type declarations map[string][]declaration

// The macros of include/linux/syscalls.h, include/linux/compat.h and
// arch/powerpc/kernel/sys_ppc32.c, or the plain function that they stand for.
var define = regexp.MustCompile(`(?ms)^[ \t]*(COMPAT_|PPC32_)?(SYSCALL|SYSCALL32)_DEFINE[0-6]\(\s*(\w+)\s*(?:,(.*?))?\)\s*(?:$|\{)` +
	`|^asmlinkage \w+ (\w*sys\w*_\w+)\(([^)]*)\)\s*\{`)

// readDeclarations reads every .c file of the tree.
func readDeclarations(tree string) (declarations, error) {
	decls := declarations{}
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		file, err := filepath.Rel(tree, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch file {
			case "tools", "samples", "Documentation", "arch/x86/um":
				return filepath.SkipDir
			}
			return nil
		}
		switch {
		case !strings.HasSuffix(file, ".c"),
			file == "mm/nommu.c", file == "kernel/time/posix-stubs.c": // kernels without MMU or POSIX timers
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		decls.add(file, string(text))
		return nil
	})
	return decls, err
}

// add reads the declarations of one file.
func (decls declarations) add(file, text string) {
	for _, at := range define.FindAllStringSubmatchIndex(text, -1) {
		group := func(i int) string {
			if at[2*i] < 0 {
				return ""
			}
			return text[at[2*i]:at[2*i+1]]
		}
		d := declaration{file: file, guard: guard(text[:at[0]])}
		if plain := group(5); plain != "" {
			d.params = prototype(group(6))
			decls[plain] = append(decls[plain], d)
			continue
		}
		d.params = pairs(group(4))
		entry := "sys_" + group(3)
		if group(1) != "" || group(2) == "SYSCALL32" { // what they are in a 64-bit kernel
			entry = "compat_" + entry
		}
		decls[entry] = append(decls[entry], d)
	}
}

var space = regexp.MustCompile(`\s+`)

// A 64-bit argument that a 32-bit ABI passes in two registers, in the order of
// little endian (include/asm-generic/compat.h, include/linux/syscalls.h,
// arch/arm64/kernel/sys32.c).
var registerPair = regexp.MustCompile(`(?:compat_arg_u64_dual|arg_u32p|SC_ARG64)\((\w+)\)`)

// pairs turns the macro's "int, dfd, const char __user *, filename" into the
// C that it stands for.
func pairs(list string) string {
	list = registerPair.ReplaceAllString(comment.ReplaceAllString(list, ""), "u32, ${1}_lo, u32, ${1}_hi")
	parts := strings.Split(list, ",")
	var params []string
	for i := 0; i+1 < len(parts); i += 2 {
		params = append(params, param(parts[i]+" "+parts[i+1]))
	}
	return strings.Join(params, ", ")
}

var comment = regexp.MustCompile(`(?s)/\*.*?\*/`)

// prototype is the same for a plain function.
func prototype(list string) string {
	if strings.TrimSpace(list) == "void" || strings.Contains(list, "pt_regs") {
		return ""
	}
	var params []string
	for p := range strings.SplitSeq(list, ",") {
		params = append(params, param(p))
	}
	return strings.Join(params, ", ")
}

// param writes one parameter with single spaces, the star at the name, and
// without the kernel's annotation of user memory.
func param(p string) string {
	p = strings.ReplaceAll(strings.ReplaceAll(p, "__user", " "), "*", " * ")
	p = strings.TrimSpace(space.ReplaceAllString(p, " "))
	for strings.Contains(p, "* *") {
		p = strings.ReplaceAll(p, "* *", "**")
	}
	return strings.ReplaceAll(p, "* ", "*")
}

// find returns the declaration of an entry point that the ABI's kernel is
// built with: the architecture's own before the common one, and of several in
// one file the one that its configuration selects.
func (decls declarations) find(entry string, a abi) (declaration, bool) {
	// The wrappers in assembler that save registers first, or move arguments
	// about (arch/arm/kernel/entry-common.S, arch/mips/kernel/scall*.S).
	for _, name := range []string{entry, strings.TrimPrefix(entry, "__"), strings.TrimSuffix(entry, "_wrapper")} {
		for _, dir := range append(a.dirs, "") {
			var list []declaration
			for _, d := range decls[name] {
				if d.arch() == dir {
					list = append(list, d)
				}
			}
			if d, ok := a.choose(list); ok {
				return d, true
			}
		}
	}
	return declaration{}, false
}

// choose returns the declaration whose guard the ABI's configuration has, or
// else the one without.
func (a *abi) choose(list []declaration) (declaration, bool) {
	var otherwise *declaration
	for i, d := range list {
		for _, symbol := range a.config {
			if d.guard == symbol {
				return d, true
			}
		}
		if len(list) == 1 || !strings.HasPrefix(d.guard, "CONFIG_CLONE_") && !strings.HasPrefix(d.guard, "CONFIG_OLD_") {
			otherwise = &list[i]
		}
	}
	if otherwise == nil {
		return declaration{}, false
	}
	return *otherwise, true
}

var conditional = regexp.MustCompile(`(?m)^#\s*(if|ifdef|ifndef|elif|else|endif)\b[ \t]*(.*)$`)
var symbol = regexp.MustCompile(`CONFIG_\w+`)

// guard returns the configuration symbol of the innermost #if that is open at
// the end of the text, and "" in an #else or where none is open.
func guard(text string) string {
	var open []string
	for _, m := range conditional.FindAllStringSubmatch(text, -1) {
		switch m[1] {
		case "if", "ifdef":
			open = append(open, symbol.FindString(m[2]))
		case "ifndef":
			open = append(open, "")
		case "elif":
			open[len(open)-1] = symbol.FindString(m[2])
		case "else":
			open[len(open)-1] = ""
		case "endif":
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return ""
	}
	return open[len(open)-1]
}
