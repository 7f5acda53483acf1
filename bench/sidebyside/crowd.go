package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// crowds is how often each engine starts many containers at once.
const crowds = 3

// crowd measures how long it takes until size containers, all started at once,
// have ended.
func crowd(able []starter, size int, figures *table) error {
	t := newTimes()
	for round := range crowds {
		for _, s := range able {
			if s.alone {
				continue
			}
			var wg sync.WaitGroup
			errs := make([]error, size)
			start := time.Now()
			for i := range size {
				wg.Go(func() { _, errs[i] = startOnce(s, 1_000_000+round*size+i) })
			}
			wg.Wait()
			t.add(s.name, time.Since(start))
			for _, err := range errs {
				if err != nil {
					return fmt.Errorf("%d at once: %s: %w", size, s.name, err)
				}
			}
		}
	}
	t.print(fmt.Sprintf("%d containers at once, until the last has ended; %d rounds of one run", size, crowds), "weir")
	if len(t.all["runc"]) > 0 {
		for _, name := range t.names {
			figures.crowd.set(name, float64(median(t.all[name]))/float64(median(t.all["runc"])))
		}
	}
	return nil
}

// memory prints what each engine's process, of Docker the shim, holds while its
// container waits for the end of its input.
func memory(able []starter, figures *table) error {
	fmt.Println("memory of the engine's process while a container runs, kB")
	fmt.Printf("%8s %8s\n", "resident", "its own")
	for _, s := range able {
		if s.waiting == nil {
			continue
		}
		resident, own, err := hold(s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Printf("%8d %8d  %s\n", resident, own, s.name)
		figures.resident.set(s.name, float64(resident)/1000)
	}
	fmt.Println()
	return nil
}

// hold starts a container that runs "cat", and asks for the engine's memory once
// an echo says that it runs.
func hold(s starter) (resident, own int, err error) {
	cmd := s.waiting()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	_, err = in.Write([]byte("echo\n"))
	if err == nil {
		_, err = out.Read(make([]byte, 5))
	}
	pid := cmd.Process.Pid
	if err == nil && s.engine != nil {
		pid, err = s.engine()
	}
	var status []byte
	if err == nil {
		status, err = os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	}
	in.Close()
	if werr := cmd.Wait(); err == nil {
		err = werr
	}
	if err != nil {
		return 0, 0, fmt.Errorf("%w %s", err, strings.TrimSpace(stderr.String()))
	}
	for line := range strings.Lines(string(status)) {
		field := strings.Fields(line)
		switch field[0] {
		case "VmRSS:":
			resident, err = strconv.Atoi(field[1])
		case "RssAnon:":
			own, err = strconv.Atoi(field[1])
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return resident, own, nil
}
