package compose_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/profile"
)

// The reader knows every key that the schema has. (That the schema has every key
// that the reader knows, and accepts and refuses what it should, bench/schema tests
// with a validator.)
func TestEveryKeyOfTheSchemaIsRead(t *testing.T) {
	var schema struct {
		Properties map[string]any
		Defs       map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	if err := json.Unmarshal(compose.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	for where, keys := range map[string]map[string]any{
		`{KEY: null, "defaultAction": "SCMP_ACT_ERRNO"}`:                                                                         schema.Properties,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{KEY: null}]}`:                                                         schema.Defs["rule"].Properties,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"args": [{KEY: null}]}]}`:                                             schema.Defs["condition"].Properties,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["x"], "action": "SCMP_ACT_LOG", "includes": {KEY: null}}]}`: schema.Defs["filter"].Properties,
	} {
		if len(keys) < 3 {
			t.Errorf("%s: only %d keys", where, len(keys))
		}
		for key := range keys {
			p, err := profile.Parse("p", []byte(strings.Replace(where, "KEY", `"`+key+`"`, 1)), profile.Options{})
			text := ""
			if err != nil {
				text = err.Error()
			} else if len(p.Notes) > 0 {
				text = p.Notes[0].String()
			}
			if strings.Contains(text, "unknown key") {
				t.Errorf("%s", text)
			}
		}
	}
}
