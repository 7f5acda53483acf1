//go:build linux

package kernel

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/weir-dev/weir/internal/sys"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// An abi is a set of system calls that is open to programs on this kernel, or
// not. Each one that is open is one more that a profile must speak about.
type abi struct {
	arch  seccomp.Arch
	gives string
	finding
}

// A foreign is an ABI that a kernel may have beside its native one. Where a
// program of a few bytes can be written down, it is run; elsewhere the
// configuration decides, which does not know what was switched off at boot.
type foreign struct {
	arch     seccomp.Arch
	option   string
	emulator string // what would run its programs in the kernel's place, a name in binfmt_misc
	try      []byte // an executable that ends with statusYes or statusNo, nil if there is none
}

func foreignABIs(native seccomp.Arch) []foreign {
	switch native {
	case seccomp.ArchX86_64:
		return []foreign{
			{seccomp.ArchX86, "CONFIG_IA32_EMULATION", "qemu-i386", executable(elf.EM_386, 0, []byte{
				0xbb, statusYes, 0, 0, 0, // mov ebx, statusYes
				0xb8, 1, 0, 0, 0, // mov eax, 1: exit
				0xcd, 0x80, // int 0x80
			})},
			{seccomp.ArchX32, "CONFIG_X86_X32_ABI", "qemu-x86_64", executable(elf.EM_X86_64, 0, []byte{
				0xb8, 39, 0, 0, 0x40, // mov eax, 0x40000000 + 39: getpid of x32
				0x0f, 0x05, // syscall
				0x31, 0xff, // xor edi, edi
				0x85, 0xc0, // test eax, eax
				0x40, 0x0f, 0x9f, 0xc7, // setg dil: 1 if it is a number of a process
				0x83, 0xc7, statusNo, // add edi, statusNo
				0xb8, 60, 0, 0, 0, // mov eax, 60: exit of x86_64
				0x0f, 0x05, // syscall
			})},
		}
	case seccomp.ArchAARCH64:
		return []foreign{
			{seccomp.ArchARM, "CONFIG_COMPAT", "qemu-arm", executable(elf.EM_ARM, 0x05000000 /* EABI 5 */, []byte{
				statusYes, 0x00, 0xa0, 0xe3, // mov r0, #statusYes
				0x01, 0x70, 0xa0, 0xe3, // mov r7, #1: exit
				0x00, 0x00, 0x00, 0xef, // svc 0
			})},
		}
	case seccomp.ArchMIPS64:
		return []foreign{
			{seccomp.ArchMIPS, "CONFIG_MIPS32_O32", "", nil},
			{seccomp.ArchMIPS64N32, "CONFIG_MIPS32_N32", "", nil},
		}
	case seccomp.ArchMIPSEL64:
		return []foreign{
			{seccomp.ArchMIPSEL, "CONFIG_MIPS32_O32", "", nil},
			{seccomp.ArchMIPSEL64N32, "CONFIG_MIPS32_N32", "", nil},
		}
	case seccomp.ArchPPC64:
		return []foreign{{seccomp.ArchPPC, "CONFIG_COMPAT", "", nil}}
	case seccomp.ArchS390X:
		return []foreign{{seccomp.ArchS390, "CONFIG_COMPAT", "", nil}}
	}
	return nil
}

// The exit statuses of the executables above.
const (
	statusNo  = 41
	statusYes = 42
)

// probeABIs says which ABIs programs can use.
func probeABIs(native seccomp.Arch, built config) []abi {
	abis := []abi{{native, "profiles for this machine's own programs", finding{Yes, "this program uses it"}}}
	for _, f := range foreignABIs(native) {
		a := abi{arch: f.arch, gives: "its programs run too, so profiles speak about its calls as well"}
		if f.try != nil {
			a.finding = f.run()
		}
		if a.has == Unknown {
			tried := a.how
			a.finding = built.option(f.option)
			if tried != "" {
				a.how = tried + "; " + a.how
			}
		}
		abis = append(abis, a)
	}
	return abis
}

// run tries an executable of the ABI.
func (f foreign) run() finding {
	if _, err := os.Stat("/proc/sys/fs/binfmt_misc/" + f.emulator); err == nil {
		return finding{Unknown, f.emulator + " would answer in the kernel's place"}
	}
	state, err := runImage(f.try)
	switch {
	case errors.Is(err, unix.ENOEXEC):
		return finding{No, "the kernel does not execute such a program"}
	case err != nil:
		return finding{Unknown, "trying one: " + err.Error()}
	case state.ExitCode() == statusYes:
		return finding{Yes, "a program that uses it ran"}
	case state.ExitCode() == statusNo:
		return finding{No, "its system calls do not exist"}
	}
	return finding{Unknown, "a program that uses it ended with " + state.String()}
}

// runImage executes a file that exists in memory only.
func runImage(image []byte) (*os.ProcessState, error) {
	f, err := sys.Memfd("weir-abi", 0, unix.MFD_EXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	defer f.Close()
	if _, err := f.Write(image); err != nil {
		return nil, err
	}
	// A file that is open for writing is not executed.
	ro, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return nil, err
	}
	defer ro.Close()
	f.Close()
	p, err := os.StartProcess(fmt.Sprintf("/proc/self/fd/%d", ro.Fd()), []string{"weir-abi"}, &os.ProcAttr{})
	if err != nil {
		return nil, err
	}
	return p.Wait()
}

// executable wraps little-endian code into an ELF file of one segment.
func executable(machine elf.Machine, flags uint32, code []byte) []byte {
	const base = 0x10000 // above what mmap_min_addr keeps free, and a multiple of every page size
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS32), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
	var image bytes.Buffer
	var header, segment any
	if machine == elf.EM_X86_64 {
		ident[elf.EI_CLASS] = byte(elf.ELFCLASS64)
		const size = 64 + 56
		length := uint64(size + len(code))
		header = elf.Header64{
			Ident: ident, Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Flags: flags,
			Entry: base + size, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1,
		}
		segment = elf.Prog64{Type: uint32(elf.PT_LOAD), Vaddr: base, Filesz: length, Memsz: length, Flags: uint32(elf.PF_R | elf.PF_X), Align: base}
	} else {
		const size = 52 + 32
		length := uint32(size + len(code))
		header = elf.Header32{
			Ident: ident, Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Flags: flags,
			Entry: base + size, Phoff: 52, Ehsize: 52, Phentsize: 32, Phnum: 1,
		}
		segment = elf.Prog32{Type: uint32(elf.PT_LOAD), Vaddr: base, Filesz: length, Memsz: length, Flags: uint32(elf.PF_R | elf.PF_X), Align: base}
	}
	binary.Write(&image, binary.LittleEndian, header)
	binary.Write(&image, binary.LittleEndian, segment)
	image.Write(code)
	return image.Bytes()
}
