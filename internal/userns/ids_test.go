package userns

import (
	"reflect"
	"strings"
	"testing"
)

func TestTheLinesOfOneUser(t *testing.T) {
	const text = `# a comment
root:1:1
alice:100000:65536

1000:300000:10
aliceandbob:1:1
alice:200000:0
`
	list, err := parse(text, "alice", 1000)
	if want := []Range{{1, 100000, 65536}, {65537, 300000, 10}}; err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("got %v, %v, want %v", list, err, want)
	}
	if list, err := parse(text, "bob", 7); err != nil || list != nil {
		t.Errorf("a user without lines has %v, %v", list, err)
	}
	for line, message := range map[string]string{
		"alice:1":                       "1: want NAME:START:COUNT",
		"alice:1:2:3":                   "1: want NAME:START:COUNT",
		"\nalice:x:1":                   `2: start "x": want a number below 2^32`,
		"alice:4294967296:1":            `1: start "4294967296": want a number`,
		"alice:1:-1":                    `1: count "-1": want a number`,
		"alice:4294967290:100":          `1: count "100": want a number, and no id above 2^32-2`,
		"alice:1:9\nalice:0:4294967290": `2: count "4294967290": want a number, and no id above 2^32-2`,
	} {
		if _, err := parse(line, "alice", 1000); err == nil || !strings.HasPrefix(err.Error(), message) {
			t.Errorf("%q: got %v, want %s", line, err, message)
		}
	}
}

func TestWhatIsMapped(t *testing.T) {
	ids := &IDs{
		UIDs: []Range{{0, 1000, 1}, {1, 100000, 10}, {11, 500, 2}},
		GIDs: []Range{{0, 100, 1}},
	}
	if ids.Users() != 13 || ids.Groups() != 1 || ids.One() {
		t.Errorf("%d users, %d groups, one: %v", ids.Users(), ids.Groups(), ids.One())
	}
	for outside, inside := range map[uint32]uint32{1000: 0, 100000: 1, 100009: 10, 100010: 100010, 501: 12, 0: 0, 7: 7} {
		if uid, _ := ids.Inside(outside, 0); uid != inside {
			t.Errorf("%d is %d inside, want %d", outside, uid, inside)
		}
	}
	if got := ids.String(); got != "users 1000 100000-100009 500-501, groups 100" {
		t.Errorf("got %q", got)
	}
	if got := lines(ids.UIDs); got != "0 1000 1\n1 100000 10\n11 500 2\n" {
		t.Errorf("got %q", got)
	}
}

func TestAMapCoversAnother(t *testing.T) {
	ranges := []Range{{0, 1000, 1}, {1, 100, 10}, {11, 110, 10}}
	for _, c := range []struct {
		name   string
		before []Range
		want   bool
	}{
		{"itself", ranges, true},
		{"the one id", ranges[:1], true},
		{"nothing", nil, true},
		{"two ranges of which it has one", []Range{{1, 100, 20}}, true},
		{"a part", []Range{{5, 104, 10}}, true},
		{"one more at the end", []Range{{11, 110, 11}}, false},
		{"other ids at the same place", []Range{{1, 200, 1}}, false},
		{"the same ids at another place", []Range{{2, 100, 1}}, false},
	} {
		if got := cover(ranges, c.before); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestTheIdsOfANamespaceUpToTheFirstGap(t *testing.T) {
	for text, want := range map[string][]Range{
		"         0       1000          1\n":     {{0, 0, 1}},
		"         0     100000      65536\n":     {{0, 0, 65536}},
		"0 1000 1\n1 100000 65536\n":             {{0, 0, 1}, {1, 1, 65536}},
		"1 100000 65536\n0 1000 1\n":             {{0, 0, 1}, {1, 1, 65536}},
		"0 1000 1\n5 7 1\n":                      {{0, 0, 1}},
		"0 1000 2\n1000 7 1\n2 9 3\n65534 8 1\n": {{0, 0, 2}, {2, 2, 3}},
	} {
		if got := gapless(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
