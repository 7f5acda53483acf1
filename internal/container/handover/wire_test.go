package handover

import (
	"bytes"
	"reflect"
	"testing"
)

// fill gives every field below v a value of its own that is not zero.
func fill(v reflect.Value, n *uint64) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(string(rune('a'+*n%26)) + "\x00é")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range 3 {
			fill(v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		v.SetUint(*n << (v.Type().Size()*8 - 8) >> 1)
		if v.IsZero() {
			v.SetUint(*n % 251)
		}
	}
}

func TestAPlanWithEveryFieldSetArrivesAsItWasSent(t *testing.T) {
	var sent Plan
	var n uint64
	fill(reflect.ValueOf(&sent).Elem(), &n)
	got, err := Unmarshal(append(sent.Marshal(), "whatever follows"...))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, &sent) {
		t.Errorf("got  %+v\nsent %+v", got, &sent)
	}
}

func TestAPlanThatIsCutOffAnywhereIsAnError(t *testing.T) {
	var sent Plan
	var n uint64
	fill(reflect.ValueOf(&sent).Elem(), &n)
	whole := sent.Marshal()
	for i := range whole {
		if _, err := Unmarshal(whole[:i]); err == nil {
			t.Fatalf("the first %d of %d bytes were taken for a plan", i, len(whole))
		}
	}
	// Lengths of which there is no more.
	if _, err := Unmarshal(bytes.Repeat([]byte{0xff}, len(whole))); err == nil {
		t.Error("lists of 2^64-1 elements were taken for a plan")
	}
}

func TestAReleaseArrivesAsItWasSent(t *testing.T) {
	for _, sent := range []Release{{}, {Flags: 1 << 31}, {Flags: 4, Program: make([]byte, 4096*8)}} {
		b := sent.Marshal()
		got, ok := UnmarshalRelease(b)
		if !ok || len(b) == 0 || len(b) > MaxRelease || got.Flags != sent.Flags || !bytes.Equal(got.Program, sent.Program) {
			t.Errorf("sent %v, got %v %v in %d bytes", sent, got, ok, len(b))
		}
	}
	if _, ok := UnmarshalRelease(nil); ok {
		t.Error("the end of the socket is taken for a release")
	}
}
