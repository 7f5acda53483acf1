package bpf

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// instructionSize is the size of a struct sock_filter in bytes.
const instructionSize = 8

// Raw returns the program as the kernel takes it: an array of struct
// sock_filter, 8 bytes each, on a machine of the given byte order.
//
//	+---------+----+----+-------------+
//	| op (16) | jt | jf |   k (32)    |
//	+---------+----+----+-------------+
func (p Program) Raw(o seccomp.ByteOrder) []byte {
	order := binaryOrder(o)
	b := make([]byte, 0, len(p)*instructionSize)
	for _, in := range p {
		b = order.AppendUint16(b, uint16(in.Op))
		b = append(b, in.Jt, in.Jf)
		b = order.AppendUint32(b, in.K)
	}
	return b
}

// ParseRaw reads what [Program.Raw] returns. It fails if and only if the length
// is not a multiple of 8; the program is not checked.
func ParseRaw(b []byte, o seccomp.ByteOrder) (Program, error) {
	if len(b)%instructionSize != 0 {
		return nil, fmt.Errorf("read raw program: %d bytes are not a multiple of %d, the size of an instruction", len(b), instructionSize)
	}
	order := binaryOrder(o)
	p := make(Program, len(b)/instructionSize)
	for i := range p {
		f := b[i*instructionSize:]
		p[i] = Instruction{Op: Opcode(order.Uint16(f)), Jt: f[2], Jf: f[3], K: order.Uint32(f[4:])}
	}
	return p, nil
}

// binaryOrder is what both of the standard library's orders can do.
func binaryOrder(o seccomp.ByteOrder) interface {
	binary.ByteOrder
	binary.AppendByteOrder
} {
	if o == seccomp.BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// Base64 returns the raw form in standard base64 with padding, on one line:
// what crun reads from the annotation run.oci.seccomp_bpf_data.
func (p Program) Base64(o seccomp.ByteOrder) string {
	return base64.StdEncoding.EncodeToString(p.Raw(o))
}

// C returns an array definition for <linux/filter.h>, one line an instruction
// with its text as a comment. The numbers do not depend on the byte order, the
// comments do.
func (p Program) C(o seccomp.ByteOrder) string {
	var b strings.Builder
	b.WriteString("struct sock_filter filter[] = {\n")
	for i, in := range p {
		fmt.Fprintf(&b, "\t{ 0x%02x, %3d, %3d, 0x%08x }, /* %d: %s */\n",
			uint16(in.Op), in.Jt, in.Jf, in.K, i, in.text(i, &o))
	}
	b.WriteString("};\n")
	return b.String()
}

// JSON returns an array of objects with the keys op, jt, jf and k, all of them
// numbers, one line an instruction.
func (p Program) JSON() string {
	var b strings.Builder
	b.WriteString("[")
	for i, in := range p {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n  {\"op\": %d, \"jt\": %d, \"jf\": %d, \"k\": %d}", uint16(in.Op), in.Jt, in.Jf, in.K)
	}
	b.WriteString("\n]\n")
	return b.String()
}
