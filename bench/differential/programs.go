package main

import (
	"encoding/json"
	"sync"

	"github.com/weir-dev/weir/bench/libseccomp"
	"github.com/weir-dev/weir/bpf"
)

// programs remembers what libseccomp made of a filter: many facts lead to the
// same one, and it takes long.
type programs struct {
	mutex sync.Mutex
	made  map[string]made
}

type made struct {
	program bpf.Program
	err     error
}

func (p *programs) of(w *libseccomp.Worker, f *libseccomp.Filter) (bpf.Program, error) {
	key, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	p.mutex.Lock()
	m, ok := p.made[string(key)]
	p.mutex.Unlock()
	if ok {
		return m.program, m.err
	}
	m.program, m.err = w.Program(f)
	p.mutex.Lock()
	p.made[string(key)] = m
	p.mutex.Unlock()
	return m.program, m.err
}
