package bpf

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

// forms writes a program down in each of the five ways.
func forms(p Program, o seccomp.ByteOrder) map[string]string {
	return map[string]string{
		"raw":            string(p.Raw(o)),
		"text":           p.Disassemble(o, nil),
		"text with note": p.Disassemble(o, func(Instruction, int) string { return "{ [ /*" }),
		"C":              p.C(o),
		"base64":         p.Base64(o),
		"JSON":           p.JSON(),
	}
}

func TestDecodeReadsEveryForm(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	programs := []Program{typical(), {Ret(0)}, slices.Repeat(Program{LoadAbs(60)}, MaxLen)}
	for range 100 {
		programs = append(programs, generate(r, 1+r.IntN(100)))
	}
	for _, p := range programs {
		for _, o := range []seccomp.ByteOrder{seccomp.LittleEndian, seccomp.BigEndian} {
			for form, written := range forms(p, o) {
				got, err := Decode([]byte(written), o)
				if err != nil || !slices.Equal(got, p) {
					t.Fatalf("%s: %v\n%.500s", form, err, written)
				}
			}
		}
	}
}

func TestFormsOfOneProgram(t *testing.T) {
	p := Program{LoadAbs(4), JumpIf(OpJeq, 0xc000003e, 1, 0), Ret(0), Ret(seccomp.ActAllow.Return())}
	tests := []struct{ name, got, want string }{
		{"raw", fmt.Sprintf("% x", p[:2].Raw(seccomp.LittleEndian)), "20 00 00 00 04 00 00 00 15 00 01 00 3e 00 00 c0"},
		{"raw for big endian", fmt.Sprintf("% x", p[:2].Raw(seccomp.BigEndian)), "00 20 00 00 00 00 00 04 00 15 01 00 c0 00 00 3e"},
		{"base64", p.Base64(seccomp.LittleEndian), "IAAAAAQAAAAVAAEAPgAAwAYAAAAAAAAABgAAAAAA/38="},
		{"C", p.C(seccomp.LittleEndian), "struct sock_filter filter[] = {\n" +
			"\t{ 0x20,   0,   0, 0x00000004 }, /* 0: ld [arch] */\n" +
			"\t{ 0x15,   1,   0, 0xc000003e }, /* 1: jeq #0xc000003e, 3, next */\n" +
			"\t{ 0x06,   0,   0, 0x00000000 }, /* 2: ret kill thread */\n" +
			"\t{ 0x06,   0,   0, 0x7fff0000 }, /* 3: ret allow */\n" +
			"};\n"},
		{"JSON", p.JSON(), "[\n" +
			"  {\"op\": 32, \"jt\": 0, \"jf\": 0, \"k\": 4},\n" +
			"  {\"op\": 21, \"jt\": 1, \"jf\": 0, \"k\": 3221225534},\n" +
			"  {\"op\": 6, \"jt\": 0, \"jf\": 0, \"k\": 0},\n" +
			"  {\"op\": 6, \"jt\": 0, \"jf\": 0, \"k\": 2147418112}\n" +
			"]\n"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, tt.got, tt.want)
		}
	}
}

func TestDecodeTakesOtherSpellings(t *testing.T) {
	want := Program{LoadAbs(0), Ret(0)}
	for name, in := range map[string]string{
		"JSON on one line":         `[{"k":0,"op":32,"jt":0,"jf":0},{"op":6,"jt":0,"jf":0,"k":0}]`,
		"C without a trailing one": "// made by hand\nstatic const struct sock_filter f[2] = {{32,0,0,0},\n{6,0,0,0}}",
		"base64 on two lines":      "IAAAAAAA\nAAAGAAAAAAAAAA==\n",
	} {
		if got, err := Decode([]byte(in), seccomp.LittleEndian); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing", "", "read program: it has no instructions"},
		{"blanks", " \n", "read program: it has no instructions"},
		{"an empty array", "[]", "read program: it has no instructions"},
		{"too much", strings.Repeat(" ", MaxInput+1), "read program: it has more than 1048576 bytes"},
		{"raw, cut off", "\x06\x00\x00\x00\x00\x00\x00", "read raw program: 7 bytes are not a multiple of 8, the size of an instruction"},
		{"base64, cut off", "BgAAAAAA", "read program as base64: read raw program: 6 bytes are not a multiple of 8, the size of an instruction"},
		{"base64, not padded", "BgAAAAAAAAA", "read program as base64: illegal base64 data at input byte 8"},
		{"an ELF file", "\x7fELF\x02\x01\x01\x00\x00", "read raw program: 9 bytes are not a multiple of 8, the size of an instruction"},
		{"a profile", "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}", "read program as C: line 1: expected { op, jt, jf, k } or the end of the array"},
		{"prose", "hello, world", "assemble: line 1: unknown instruction \"hello,\""},
		{"JSON, a key missing", "[\n{\"op\": 6, \"jt\": 0, \"jf\": 0}]", "read program as JSON: line 2: instruction 0 needs the keys op, jt, jf and k"},
		{"JSON, a null", "[null]", "read program as JSON: line 1: instruction 0 needs the keys op, jt, jf and k"},
		{"JSON, an unknown key", "[{\"code\": 6}]", "read program as JSON: line 1: unknown field \"code\""},
		{"JSON, a wide jump", "[\n\n{\"op\": 6, \"jt\": 256}]", "read program as JSON: line 3: jt: a JSON number 256 is no uint8"},
		{"JSON, a wrong element", "[7]", "read program as JSON: line 1: cannot unmarshal number into Go value of type"},
		{"JSON, not closed", "[{\"op\":6,\"jt\":0,\"jf\":0,\"k\":0}", "read program as JSON: line 1: the array is not closed"},
		{"JSON, and more", "[]\n[]", "read program as JSON: line 2: there is more behind the array"},
		{"C, macros", "struct sock_filter f[] = {\n\tBPF_STMT(BPF_RET, 0),\n};", "read program as C: line 2: expected { op, jt, jf, k } or the end of the array"},
		{"C, names in place of numbers", "= {\n\n{ BPF_RET, 0, 0, 0 } };", "read program as C: line 3: \"BPF_RET\" is no number of 16 bits"},
		{"C, no comma", "{{6,0,0,0} {6,0,0,0}}", "read program as C: line 1: expected a comma or the end of the array"},
		{"C, not closed", "{\n{6,0,0,0},", "read program as C: line 2: expected { op, jt, jf, k } or the end of the array"},
		{"C, an instruction not closed", "{\n{6,0,0,0", "read program as C: line 2: a brace is not closed"},
		{"C, a comment not closed", "x = {\n/* {6,0,0,0}};", "read program as C: line 2: a comment is not closed"},
		{"C, only a comment", "/* {6,0,0,0} */", "read program as C: line 1: there is no array"},
		{"C, and more", "{{6,0,0,0}};\nint x;", "read program as C: line 1: there is more behind the array"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Decode([]byte(tt.in), seccomp.LittleEndian)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got  %v, %v\nwant %s", p, err, tt.want)
			}
		})
	}
}
