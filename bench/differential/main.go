package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weir-dev/weir/bench/libseccomp"
	"github.com/weir-dev/weir/bench/plain"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == libseccomp.WorkerArg {
		if err := libseccomp.Serve(); err != nil {
			fmt.Fprintln(os.Stderr, "libseccomp worker:", err)
			os.Exit(1)
		}
		return
	}
	n := flag.Int("n", 10000, "how many random profiles to try")
	seed := flag.Uint64("seed", 1, "of the random profiles")
	duration := flag.Duration("duration", 0, "go on with random profiles for so long, instead of -n")
	limit := flag.Duration("limit", 2*time.Second, "how long libseccomp may take for one profile")
	only := flag.String("case", "", "judge this case alone, such as random/17, and print its profile")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "differential takes flags only")
		os.Exit(2)
	}
	ok, err := run(plan{*n, *seed, *duration, *limit, *only})
	if err != nil {
		fmt.Fprintln(os.Stderr, "differential:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// A plan is what the command line asks for.
type plan struct {
	n        int
	seed     uint64
	duration time.Duration
	limit    time.Duration
	only     string
}

// enough is how many random profiles fall into every class.
const enough = 2000

func run(p plan) (bool, error) {
	start := time.Now()
	fmt.Printf("weir against libseccomp %s as runc drives it; seed %d\n", libseccomp.Version(), p.seed)
	host := plain.NewHost()
	cases, err := fixed()
	if err != nil {
		return false, err
	}
	next := source(cases, p)
	rep := newReport(p)
	rep.tables(host)
	var wg sync.WaitGroup
	shared := &programs{made: make(map[string]made)}
	for range runtime.GOMAXPROCS(0) {
		j := &judge{host: host, programs: shared, worker: libseccomp.Worker{Limit: p.limit}}
		wg.Go(func() {
			defer j.worker.Close()
			for c, i := next(); c != nil; c, i = next() {
				rep.add(i, c, j.judge(c))
			}
		})
	}
	wg.Wait()
	return rep.print(time.Since(start)), nil
}

// source hands out the cases and their places, to several goroutines.
func source(cases []Case, p plan) func() (*Case, int) {
	if p.only != "" {
		return one(cases, p)
	}
	var taken atomic.Int64
	deadline := time.Now().Add(p.duration)
	return func() (*Case, int) {
		i := int(taken.Add(1)) - 1
		if i < len(cases) {
			return &cases[i], i
		}
		if p.duration == 0 && i >= len(cases)+p.n || p.duration > 0 && time.Now().After(deadline) {
			return nil, 0
		}
		c := random(p.seed, i-len(cases))
		return &c, i
	}
}

// one hands out the case of a name, once.
func one(cases []Case, p plan) func() (*Case, int) {
	var found *Case
	var number int
	if _, err := fmt.Sscanf(p.only, "random/%d", &number); err == nil {
		c := random(p.seed, number)
		found = &c
	}
	for i := range cases {
		if cases[i].Name == p.only {
			found = &cases[i]
		}
	}
	var mutex sync.Mutex
	return func() (*Case, int) {
		mutex.Lock()
		defer mutex.Unlock()
		c := found
		found = nil
		return c, 0
	}
}
