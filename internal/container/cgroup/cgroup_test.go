package cgroup

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// proc makes a directory with the two files that tell a process its cgroups.
func proc(t *testing.T, cgroup, mountinfo string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"cgroup": cgroup, "mountinfo": mountinfo} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTheHierarchiesAreFoundWhereverTheyAreMounted(t *testing.T) {
	for _, c := range []struct {
		name, cgroup, mountinfo string
		want                    []string // CONTROLLERS MOUNT OWN
	}{
		{"v2 alone", "0::/user.slice/session-1.scope\n",
			"30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
			[]string{"v2 /sys/fs/cgroup /sys/fs/cgroup/user.slice/session-1.scope"}},
		{"v1, two controllers in one, and v2 beside it", "3:cpu,cpuacct:/a\n2:name=systemd:/b\n1:memory:/\n0::/c\n",
			"30 23 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n" +
				"31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" +
				"32 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
			[]string{"cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct/a", "memory /sys/fs/cgroup/memory /sys/fs/cgroup/memory", "v2 /sys/fs/cgroup/unified /sys/fs/cgroup/unified/c"}},
		{"in a container that sees a part of the tree", "1:memory:/docker/id/sub\n",
			"32 23 0:28 /docker/id /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
			[]string{"memory /sys/fs/cgroup/memory /sys/fs/cgroup/memory/sub"}},
		{"the part that is mounted is another's", "1:memory:/docker/id2\n0::/../other\n",
			"32 23 0:28 /docker/id /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
				"30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
			nil},
		{"v2 listed first", "0::/c\n1:memory:/\n",
			"32 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
				"30 23 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
			[]string{"memory /sys/fs/cgroup/memory /sys/fs/cgroup/memory", "v2 /sys/fs/cgroup/unified /sys/fs/cgroup/unified/c"}},
		{"a mount point with a space", "0::/\n",
			"30 23 0:26 / /my\\040cgroups rw - cgroup2 cgroup2 rw\n",
			[]string{"v2 /my cgroups /my cgroups"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := hierarchies(proc(t, c.cgroup, c.mountinfo))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, h := range list {
				controllers := strings.Join(h.controllers, ",")
				if h.v2 {
					controllers = "v2"
				}
				got = append(got, controllers+" "+h.mount+" "+h.own)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestLimitsAreWrittenAsEachVersionHasThem(t *testing.T) {
	for _, c := range []struct {
		limits Limits
		v1, v2 string
	}{
		{Limits{Memory: 64 << 20}, "memory.limit_in_bytes=67108864 memory.memsw.limit_in_bytes=134217728", "memory.max=67108864 memory.swap.max=67108864"},
		{Limits{Memory: 64 << 20, Swap: 64 << 20}, "memory.limit_in_bytes=67108864 memory.memsw.limit_in_bytes=67108864", "memory.max=67108864 memory.swap.max=0"},
		{Limits{Memory: 64 << 20, Swap: -1}, "memory.limit_in_bytes=67108864 memory.memsw.limit_in_bytes=-1", "memory.max=67108864 memory.swap.max=max"},
		{Limits{CPUs: 5e8, Pids: 20}, "cpu.cfs_period_us=100000 cpu.cfs_quota_us=50000 pids.max=20", "cpu.max=50000 100000 pids.max=20"},
		{Limits{CPUs: 1e7}, "cpu.cfs_period_us=100000 cpu.cfs_quota_us=1000", "cpu.max=1000 100000"},
	} {
		if err := c.limits.Check(); err != nil {
			t.Errorf("%+v: %v", c.limits, err)
		}
		for v2, want := range map[bool]string{false: c.v1, true: c.v2} {
			var got []string
			for _, s := range c.limits.settings(v2) {
				got = append(got, s.file+"="+s.value)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%+v, v2 %v: got %q, want %q", c.limits, v2, got, want)
			}
		}
	}
}

func TestLimitsThatCannotBeKeptAreErrors(t *testing.T) {
	for _, c := range []struct {
		limits Limits
		want   string
	}{
		{Limits{Memory: 6<<20 - 1}, "6m at least"},
		{Limits{Swap: 64 << 20}, "needs one of memory"},
		{Limits{Memory: 64 << 20, Swap: 32 << 20}, "below that of memory"},
		{Limits{CPUs: 1e7 - 1}, "between 0.01 and"},
		{Limits{CPUs: int64(runtime.NumCPU()+1) * 1e9}, "between 0.01 and"},
		{Limits{Pids: -1}, "below one"},
	} {
		if _, err := New(c.limits); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.limits, err, c.want)
		}
	}
}

func TestAControllerThatIsNowhereIsAnError(t *testing.T) {
	_, err := newGroup(Limits{Pids: 1}, proc(t, "1:memory:/\n", "32 23 0:28 / /nowhere rw - cgroup cgroup rw,memory\n"))
	if err == nil || !strings.Contains(err.Error(), "no cgroup hierarchy with the controller pids is mounted") {
		t.Error(err)
	}
}

// tree makes a directory like a v2 hierarchy: FILE of each cgroup with its content.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	top := t.TempDir()
	for name, content := range files {
		file := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return top
}

func TestAV2CgroupIsMadeBelowTheNearestThatCanPassTheControllersOn(t *testing.T) {
	const name = prefix + "0123456789abcdef"
	session := map[string]string{
		"cgroup.controllers":                "memory pids cpu\n",
		"cgroup.subtree_control":            "memory pids\n",
		"u/cgroup.controllers":              "memory pids cpu\n",
		"u/cgroup.type":                     "domain\n",
		"u/cgroup.procs":                    "",
		"u/cgroup.subtree_control":          "memory pids\n",
		"u/s/cgroup.type":                   "domain\n",
		"u/s/cgroup.procs":                  "4711\n",
		"u/s/cgroup.subtree_control":        "",
		"u/threads/cgroup.type":             "threaded\n",
		"u/threads/cgroup.procs":            "",
		"u/threads/cgroup.subtree_control":  "",
		"busy/cgroup.type":                  "domain\n",
		"busy/cgroup.procs":                 "1\n",
		"busy/cgroup.subtree_control":       "",
		"busy/below/cgroup.type":            "domain\n",
		"busy/below/cgroup.procs":           "1\n",
		"busy/below/cgroup.subtree_control": "",
	}
	for _, c := range []struct{ name, own, want string }{
		{"above a session with processes in it", "u/s", "u/" + name},
		{"above one of threads", "u/threads", "u/" + name},
		{"in the root, where nothing nearer will do", "busy/below", name},
	} {
		t.Run(c.name, func(t *testing.T) {
			top := tree(t, session)
			h := hierarchy{v2: true, mount: top, own: filepath.Join(top, c.own)}
			d, err := h.make(name, []string{"memory", "pids"}, record{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.lock.Close()
			if d.path != filepath.Join(top, c.want) {
				t.Errorf("made %s, want %s", d.path, c.want)
			}
			for file, want := range session {
				if got, _ := os.ReadFile(filepath.Join(top, file)); string(got) != want {
					t.Errorf("%s is now %q", file, got)
				}
			}
		})
	}
	t.Run("which is asked for what it does not pass on yet", func(t *testing.T) {
		top := tree(t, session)
		h := hierarchy{v2: true, mount: top}
		if err := h.passOn(filepath.Join(top, "u"), []string{"memory", "cpu"}); err != nil {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(filepath.Join(top, "u/cgroup.subtree_control")); !strings.HasPrefix(string(b), "+cpu") {
			t.Errorf("wrote %q", b)
		}
		if err := h.passOn(filepath.Join(top, "u"), []string{"rdma"}); err == nil || !strings.Contains(err.Error(), "does not have the controller rdma") {
			t.Error(err)
		}
	})
	t.Run("which asks those above it for what it has not got", func(t *testing.T) {
		files := maps.Clone(session)
		files["cgroup.controllers"], files["u/cgroup.controllers"] = "memory pids cpu io\n", "memory pids\n"
		top := tree(t, files)
		h := hierarchy{v2: true, mount: top, own: filepath.Join(top, "u/s")}
		d, err := h.make(name, []string{"memory", "io"}, record{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.lock.Close()
		if d.path != filepath.Join(top, "u", name) {
			t.Errorf("made %s", d.path)
		}
		for _, file := range []string{"cgroup.subtree_control", "u/cgroup.subtree_control"} {
			if b, _ := os.ReadFile(filepath.Join(top, file)); !strings.HasPrefix(string(b), "+io") {
				t.Errorf("%s is now %q", file, b)
			}
		}
	})
	t.Run("and nowhere if there is none", func(t *testing.T) {
		top := tree(t, session)
		h := hierarchy{v2: true, mount: filepath.Join(top, "busy"), own: filepath.Join(top, "busy/below")}
		if _, err := h.make(name, []string{"pids"}, record{}); err == nil || !strings.Contains(err.Error(), "has processes in it") {
			t.Error(err)
		}
	})
}

// cgroupsIn makes cgroups, as it were, and returns a function that lists those that are left.
func cgroupsIn(t *testing.T, names ...string) (parent string, left func() []string) {
	t.Helper()
	parent = t.TempDir()
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(parent, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return parent, func() []string { return namesIn(t, parent) }
}

func namesIn(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestOnlyWhatNoLivingProcessHoldsIsSwept(t *testing.T) {
	const held, dead = prefix + "0000000000000001", prefix + "0000000000000002"
	parent, left := cgroupsIn(t, held, dead+"/of/the container", prefix+"other", "weir")
	lock, err := locked(filepath.Join(parent, held), unix.LOCK_EX)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	const made = prefix + "0000000000000003"
	d, err := hierarchy{}.makeIn(parent, made, record{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.lock.Close()
	sweep(parent)
	if want := []string{"weir", held, made, prefix + "other"}; !slices.Equal(left(), want) {
		t.Errorf("left %q, want %q", left(), want)
	}
}

func TestWhatTheRecordsOfTheDeadHaveIsSwept(t *testing.T) {
	const held, dead, living, unknown = prefix + "0000000000000001", prefix + "0000000000000002", prefix + "0000000000000003", prefix + "0000000000000004"
	parent, left := cgroupsIn(t, held, dead+"/of/the container", living, unknown, "weir")
	lock, err := locked(filepath.Join(parent, held), unix.LOCK_EX)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	dir := filepath.Join(t.TempDir(), "weir", "records")
	record := func(name string, cgroups ...string) record {
		r := newRecord(dir, name)
		for _, c := range cgroups {
			r.add(filepath.Join(parent, c))
		}
		return r
	}
	defer record("of a living process", living).file.Close()
	record("of one that never was", prefix+"0000000000000005").file.Close()
	record("of no cgroup of ours", "weir").file.Close()
	record("of a dead process", held, dead).file.Close()
	records := func() []string { return namesIn(t, dir) }
	sweepRecords(dir)
	if want := []string{"weir", held, living, unknown}; !slices.Equal(left(), want) {
		t.Errorf("left %q, want %q", left(), want)
	}
	if want := []string{"of a dead process", "of a living process"}; !slices.Equal(records(), want) {
		t.Errorf("records %q, want %q", records(), want)
	}
	lock.Close()
	sweepRecords(dir)
	if want := []string{"weir", living, unknown}; !slices.Equal(left(), want) {
		t.Errorf("when it is not held any more: left %q, want %q", left(), want)
	}
	if want := []string{"of a living process"}; !slices.Equal(records(), want) {
		t.Errorf("when it is not held any more: records %q, want %q", records(), want)
	}
}
