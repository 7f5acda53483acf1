package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/weir-dev/weir/internal/engines"
	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/seccomp"
)

// A completer gives the words that one can be which begins with toComplete. args are those before it.
type completer = cobra.CompletionFunc

// addCompletions says what arguments and values of flags can be; what is not named here is a file. Only the
// scripts of the shells ask, by the verb __complete, so that nothing else has to wait for this.
func addCompletions(root *cobra.Command) {
	arguments := map[string]completer{
		"run":     first(images),
		"images":  first(images),
		"inspect": images,
		"rmi":     images,
		"compile": first(profiles),
		"convert": first(profiles),
		"flatten": first(profiles),
		"merge":   profiles,
		"schema":  words(),
		"explain": first(profiles),
		"test": func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return profiles(cmd, args, toComplete)
			}
			return files(cmd, args, toComplete)
		},
		"lint": profiles,
		"diff": first(profiles, profiles),
	}
	values := map[string]completer{
		"against":      profiles,
		"arch":         words(strings.Split(archNames(), ", ")...),
		"as":           words("docker", "oci"),
		"cap-add":      words(capNames()...),
		"cap-drop":     words(capNames()...),
		"engine":       words(engines.Runc.Name, engines.Crun.Name),
		"network":      words("none", "host"),
		"pull":         words("always", "missing", "never"),
		"rootfs":       directories,
		"security-opt": securityOptions,

		"compile --format":   words(strings.Split(programFormats, ", ")...),
		"convert --from":     words(strings.Split(formatNames()+", program", ", ")...),
		"convert --to":       words(strings.Split(formatNames(), ", ")...),
		"decompile --format": words("oci", "text", "json"),
		"diff --fail-on":     words("any", "looser"),
		"lint --fail-on":     words("error", "warning", "note"),
		"lint --format":      words("text", "json", "sarif", "github"),
	}
	for name := range strings.FieldsSeq(`container cpus entrypoint env group-add hostname kernel memory memory-swap mount pid pids-limit shm-size
		tmpfs ulimit user workdir`) {
		values[name] = words()
	}
	for _, cmd := range root.Commands() {
		switch {
		case cmd.DisableFlagParsing:
			cmd.ValidArgsFunction = transferred
		case arguments[cmd.Name()] != nil:
			cmd.ValidArgsFunction = arguments[cmd.Name()]
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			c := values[cmd.Name()+" --"+f.Name]
			if c == nil {
				c = values[f.Name]
			}
			if c != nil {
				_ = cmd.RegisterFlagCompletionFunc(f.Name, c) // fails for a flag that is not there
			}
		})
	}
}

// first completes the first argument by the first completer and so on, and no further ones.
func first(list ...completer) completer {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(list) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return list[len(args)](cmd, args, toComplete)
	}
}

func words(list ...string) completer {
	return cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)
}

func files(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func directories(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// profiles are files and builtin.
func profiles(_ *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if !strings.HasPrefix("builtin", toComplete) {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return paths("", toComplete, "builtin")
}

// securityOptions are seccomp=PROFILE and the others.
func securityOptions(_ *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	const seccomp = "seccomp="
	if file, ok := strings.CutPrefix(toComplete, seccomp); ok {
		return paths(seccomp, file, "builtin", "unconfined")
	}
	return []string{seccomp, "no-new-privileges", "spec-allow"}, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// paths gives the files that begin with file, and the given words, all behind a prefix that shells would
// take for a part of the file's name. A directory is not the end of a word.
func paths(prefix, file string, words ...string) ([]string, cobra.ShellCompDirective) {
	directive := cobra.ShellCompDirectiveNoFileComp
	var list []string
	for _, w := range words {
		if strings.HasPrefix(w, file) {
			list = append(list, prefix+w)
		}
	}
	dir, base := filepath.Split(file)
	entries, _ := os.ReadDir(filepath.Clean(dir))
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base) || base == "" && strings.HasPrefix(name, ".") {
			continue
		}
		if info, err := os.Stat(dir + name); err == nil && info.IsDir() {
			name += "/"
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		list = append(list, prefix+dir+name)
	}
	return list, directive
}

func capNames() []string {
	names := []string{"ALL"}
	for _, c := range seccomp.AllCaps.List() {
		names = append(names, strings.TrimPrefix(c.String(), "CAP_"))
	}
	return names
}

// images are those of the caller's store, by name or, without one, by ID. To ask does not make a store.
func images(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp
	dir, err := image.DefaultDir()
	if err != nil {
		return nil, directive
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, directive
	}
	store, err := image.Open(dir)
	if err != nil {
		return nil, directive
	}
	list, _ := store.Images() // damaged ones aside
	var names []string
	for _, s := range list {
		if ref, err := image.ParseReference(s.Ref); err == nil {
			names = append(names, ref.Familiar())
		} else {
			names = append(names, s.ID.Short())
		}
	}
	return names, directive
}

// transferred asks weir-images.
func transferred(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if cmd.Name() == "pull" && !strings.HasPrefix(toComplete, "-") {
		return nil, cobra.ShellCompDirectiveNoFileComp // of registries nobody knows what they have
	}
	var out bytes.Buffer
	ask := append([]string{cobra.ShellCompRequestCmd, cmd.Name()}, args...)
	if err := transfer(cmd, &out, append(ask, toComplete)...); err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var list []string
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, ":") { // the last line is the directive, which is to complete files
			list = append(list, strings.TrimSuffix(line, "\n"))
		}
	}
	return list, cobra.ShellCompDirectiveDefault
}
