package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/weir-dev/weir/internal/container"
	"github.com/weir-dev/weir/internal/image"
)

// process merges what the image says about its process with the flags and the
// arguments, by Docker's rules.
func (f *runFlags) process(spec *container.Spec, c image.Config, args []string) error {
	entrypoint, command := c.Entrypoint, c.Cmd
	if f.entrypointSet {
		entrypoint, command = nil, nil // an image's CMD belongs to its own entrypoint
		if f.entrypoint != "" {
			entrypoint = []string{f.entrypoint}
		}
	}
	if len(args) > 0 {
		command = args
	}
	spec.Args = slices.Concat(entrypoint, command)
	if len(spec.Args) == 0 {
		if f.rootfs != "" {
			return errors.New("no command named: --rootfs DIR needs one")
		}
		return hintf(errors.New("no command named, and the image has none"), "give the command after the image")
	}
	spec.Env = slices.Clone(c.Env)
	for _, name := range f.envFiles {
		env, err := readEnvFile(name)
		if err != nil {
			return fmt.Errorf("--env-file: %w", err)
		}
		spec.Env = append(spec.Env, env...)
	}
	for _, e := range f.env {
		name, _, assigned := strings.Cut(e, "=")
		if name == "" {
			return fmt.Errorf("-e: %q has no name before the =", e)
		}
		if value, set := os.LookupEnv(name); !assigned && set {
			e = name + "=" + value
		}
		spec.Env = append(spec.Env, e)
	}
	if spec.User == "" {
		spec.User = c.User
	}
	if err := f.stopSignal(spec, c); err != nil {
		return err
	}
	spec.Cwd = c.WorkingDir
	if f.workdir != "" {
		spec.Cwd = f.workdir
	}
	if spec.Cwd != "" && !path.IsAbs(spec.Cwd) {
		return fmt.Errorf("the working directory %q is not an absolute path", spec.Cwd)
	}
	return nil
}

// readEnvFile reads a file of variables as Docker does: a NAME=VALUE a line, all of
// it as it stands, or a NAME of the caller's, left out where that is not set; what
// begins with # is a comment.
func readEnvFile(name string) ([]string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var env []string
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff"))))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimLeftFunc(lines.Text(), unicode.IsSpace)
		if line == "" || line[0] == '#' {
			continue
		}
		key, _, assigned := strings.Cut(line, "=")
		switch {
		case !utf8.ValidString(line):
			return nil, fmt.Errorf("%s:%d: not UTF-8", name, n)
		case key == "":
			return nil, fmt.Errorf("%s:%d: no name before the =", name, n)
		case strings.ContainsFunc(key, unicode.IsSpace):
			return nil, fmt.Errorf("%s:%d: white space in the name %q", name, n, key)
		}
		if assigned {
			env = append(env, line)
		} else if value, set := os.LookupEnv(key); set {
			env = append(env, key+"="+value)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return env, nil
}

// parseSize reads a number of bytes as Docker writes it: 64m, 1g, 1048576b, with
// powers of 1024.
func parseSize(s string) (int64, error) {
	number := strings.ToLower(s)
	number = strings.TrimSuffix(number, "b")
	shift := 0
	if i := len(number) - 1; i >= 0 {
		if p := strings.IndexByte("kmgtp", number[i]); p >= 0 {
			number, shift = number[:i], 10*(p+1)
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n<<shift>>shift != n {
		return 0, fmt.Errorf("%q is not a size such as 64m or 1g", s)
	}
	return n << shift, nil
}
