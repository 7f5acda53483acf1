package bpf

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

var bothOrders = []seccomp.ByteOrder{seccomp.LittleEndian, seccomp.BigEndian}

// What can be read in any form can be written and read in every form.
func FuzzDecode(f *testing.F) {
	for _, o := range bothOrders {
		for _, written := range forms(typical(), o) {
			f.Add([]byte(written), bool(o))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, big bool) {
		o := seccomp.ByteOrder(big)
		p, err := Decode(b, o)
		if err != nil {
			return
		}
		for _, in := range p {
			if in.Op > 0xff {
				return // the raw form may then have no zero byte
			}
		}
		if len(p) > MaxLen {
			return // the longer forms may be over the limit
		}
		for form, written := range forms(p, o) {
			if got, err := Decode([]byte(written), o); err != nil || !slices.Equal(got, p) {
				t.Errorf("%s: %v\n%s", form, err, written)
			}
		}
	})
}

// Every text that can be read has one normal form.
func FuzzAssemble(f *testing.F) {
	for _, o := range bothOrders {
		f.Add(typical().Disassemble(o, nil), bool(o))
	}
	f.Add("ld M[0]\n; comment\n.insn 0x15, 1, 2, 3\nret trace 7", false)
	f.Fuzz(func(t *testing.T, text string, big bool) {
		o := seccomp.ByteOrder(big)
		p, err := Assemble(text, o)
		if err != nil {
			return
		}
		normal := p.Disassemble(o, nil)
		if got, err := Assemble(normal, o); err != nil || !slices.Equal(got, p) {
			t.Errorf("%v\n%s", err, normal)
		}
	})
}

// A program that passes Check ends by itself, and where the emulator knows the
// answer for a number, every call of that number gets it.
func FuzzRunMatchesCheckAndConstant(f *testing.F) {
	call := binary.LittleEndian.AppendUint64(nil, 56|0xc000003e<<32)
	f.Add(typical().Raw(seccomp.LittleEndian), append(call, make([]byte, 56)...))
	f.Add(Program{{Op: OpSt}, {Op: OpLdxMem}, {Op: OpDivX}, {Op: OpRetA}}.Raw(seccomp.LittleEndian), make([]byte, 64))
	f.Fuzz(func(t *testing.T, raw, call []byte) {
		p, err := ParseRaw(raw[:len(raw)&^7], seccomp.LittleEndian)
		if err != nil {
			t.Fatal(err)
		}
		var d seccomp.Data
		if err := binary.Read(bytes.NewReader(append(call, make([]byte, 64)...)), binary.LittleEndian, &d); err != nil {
			t.Fatal(err)
		}
		for _, o := range bothOrders {
			r, steps, err := p.Run(&d, o)
			if steps > len(p) {
				t.Errorf("%d steps of %d instructions", steps, len(p))
			}
			if p.Check() != nil {
				continue
			}
			if err != nil {
				t.Errorf("Check passes, Run: %v", err)
			}
			if c, ok := p.Constant(d.Nr, d.Arch); ok && c != r {
				t.Errorf("Constant %v, Run %v", c, r)
			}
		}
	})
}
