//go:build linux

package kernel

import (
	"bytes"
	"debug/elf"
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

func TestTheExecutablesAreOfTheMachineThatTheyTry(t *testing.T) {
	machines := map[seccomp.Arch]elf.Machine{
		seccomp.ArchX86: elf.EM_386, seccomp.ArchX32: elf.EM_X86_64, seccomp.ArchARM: elf.EM_ARM,
	}
	tried := 0
	for _, native := range seccomp.Archs() {
		for _, f := range foreignABIs(native) {
			if f.try == nil {
				continue
			}
			tried++
			file, err := elf.NewFile(bytes.NewReader(f.try))
			if err != nil {
				t.Errorf("%v: %v", f.arch, err)
				continue
			}
			p := file.Progs[0]
			if file.Machine != machines[f.arch] || p.Filesz != uint64(len(f.try)) || file.Entry <= p.Vaddr || file.Entry >= p.Vaddr+p.Filesz {
				t.Errorf("%v: machine %v, entry %#x, segment %+v", f.arch, file.Machine, file.Entry, p.ProgHeader)
			}
		}
	}
	if tried != len(machines) {
		t.Errorf("%d executables, want %d", tried, len(machines))
	}
}
