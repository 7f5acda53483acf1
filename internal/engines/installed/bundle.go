//go:build linux

package installed

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/weir-dev/weir/seccomp"
)

// cpuSeconds is what the container may use: its program runs in circles, and an
// engine may hang on a set of rules. It ends them even if weir was killed.
const cpuSeconds = 3

type object = map[string]any

// writeBundle makes a bundle of the OCI whose only program runs in circles.
func writeBundle(dir string, arch seccomp.Arch, q Question) error {
	program := circle(arch)
	if program == nil {
		return errNoProgram(arch)
	}
	var caps []string
	for _, c := range q.Caps.List() {
		caps = append(caps, c.String())
	}
	config := object{
		"ociVersion": "1.0.2",
		"process": object{
			"user":            object{"uid": 0, "gid": 0},
			"args":            []string{"/program"},
			"cwd":             "/",
			"noNewPrivileges": q.NoNewPrivs,
			"capabilities":    object{"bounding": caps, "effective": caps, "permitted": caps},
			"rlimits":         []object{{"type": "RLIMIT_CPU", "soft": cpuSeconds, "hard": cpuSeconds}},
		},
		"root":   object{"path": "rootfs"},
		"mounts": []object{{"destination": "/proc", "type": "proc", "source": "proc"}},
		"linux": object{
			"namespaces": []object{{"type": "pid"}, {"type": "mount"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}},
			"seccomp":    q.Document,
		},
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	for _, d := range []string{"proc", "dev"} { // crun wants /dev in any case
		if err := os.MkdirAll(filepath.Join(dir, "rootfs", d), 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "rootfs", "program"), program, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.json"), text, 0o600)
}

// circle is a static program whose one instruction jumps to itself. It makes no
// system call, so it runs under every filter. It is nil where there is none.
func circle(arch seccomp.Arch) []byte {
	var machine uint16 // EM_* of elf.h
	var code []byte
	switch arch {
	case seccomp.ArchX86_64:
		machine, code = 62, []byte{0xeb, 0xfe} // jmp .
	case seccomp.ArchAARCH64:
		machine, code = 183, []byte{0x00, 0x00, 0x00, 0x14} // b .
	case seccomp.ArchRISCV64:
		machine, code = 243, []byte{0x6f, 0x00, 0x00, 0x00} // j .
	default:
		return nil
	}
	const base, header, segment = 0x400000, 64, 56
	size := uint64(header + segment + len(code))
	b := []byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 15: 0} // 64 bits, little endian
	le := binary.LittleEndian
	b = le.AppendUint16(b, 2) // ET_EXEC
	b = le.AppendUint16(b, machine)
	b = le.AppendUint32(b, 1)
	b = le.AppendUint64(b, base+header+segment) // the entry
	b = le.AppendUint64(b, header)              // the segments
	b = le.AppendUint64(b, 0)
	b = le.AppendUint32(b, 0)
	for _, n := range []uint16{header, segment, 1, 0, 0, 0} {
		b = le.AppendUint16(b, n)
	}
	b = le.AppendUint32(b, 1) // PT_LOAD
	b = le.AppendUint32(b, 5) // readable, executable
	for _, n := range []uint64{0, base, base, size, size, 0x10000} {
		b = le.AppendUint64(b, n)
	}
	return append(b, code...)
}
