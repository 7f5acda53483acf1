package syscalls

import (
	"slices"
	"testing"
)

func TestAGroupIsSystemds(t *testing.T) {
	got, ok := Group("@pkey")
	if want := []string{"pkey_alloc", "pkey_free", "pkey_mprotect"}; !ok || !slices.Equal(got, want) {
		t.Errorf("@pkey: %v, %v; want %v", got, ok, want)
	}
	if _, ok := Group("@nothing"); ok {
		t.Error("there is a group @nothing")
	}
	if service, _ := Group("@system-service"); !slices.Contains(service, "read") {
		t.Error("@system-service has @basic-io in it, and that has read")
	}
}

func TestEveryGroupHasCallsAndEveryCallIsKnown(t *testing.T) {
	names := Groups()
	if len(names) != 28 || !slices.IsSorted(names) {
		t.Errorf("%d groups: %v", len(names), names)
	}
	for _, name := range names {
		calls, ok := Group(name)
		if !ok || len(calls) == 0 || !slices.IsSorted(calls) {
			t.Errorf("%s: %v", name, calls)
		}
		for _, call := range calls {
			if _, ok := Lookup(call); !ok {
				t.Errorf("%s: no call is named %q", name, call)
			}
		}
	}
}
