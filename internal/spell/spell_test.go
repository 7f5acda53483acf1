package spell

import "testing"

func TestDistanceCountsSlips(t *testing.T) {
	for _, tc := range []struct {
		a, b  string
		limit int
		want  int
	}{
		{"open", "open", 3, 0},
		{"opn", "open", 3, 1},
		{"oppen", "open", 3, 1},
		{"opem", "open", 3, 1},
		{"opne", "open", 3, 1},
		{"oepn", "open", 3, 1},
		{"mkdiratt", "mkdirat", 3, 1},
		{"read", "write", 3, 3},
		{"read", "write", 9, 4},
		{"", "open", 9, 4},
		{"a word that is much longer", "open", 3, 3},
	} {
		if got := Distance(tc.a, tc.b, tc.limit); got != tc.want {
			t.Errorf("%q and %q, limit %d: %d, want %d", tc.a, tc.b, tc.limit, got, tc.want)
		}
		if got := Distance(tc.b, tc.a, tc.limit); got != tc.want {
			t.Errorf("%q and %q, limit %d: %d, want %d", tc.b, tc.a, tc.limit, got, tc.want)
		}
	}
}

func TestALimitChangesNothingBelowIt(t *testing.T) {
	words := []string{""}
	for i := 0; len(words) < 400; i++ { // all of up to five letters a, b, c
		for _, c := range "abc" {
			words = append(words, words[i]+string(c))
		}
	}
	for _, a := range words {
		for _, b := range words {
			whole := Distance(a, b, 99)
			for limit := 1; limit <= 4; limit++ {
				if got := Distance(a, b, limit); got != min(whole, limit) {
					t.Fatalf("%q and %q, limit %d: %d, and %d without", a, b, limit, got, whole)
				}
			}
		}
	}
}
