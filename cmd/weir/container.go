package main

import (
	"errors"
	"fmt"

	"github.com/weir-dev/weir/internal/engines/running"
)

// readContainer reads the filters of a container's first process.
func readContainer(name string) (process, error) {
	c, err := findContainer(name)
	if err != nil {
		return process{}, err
	}
	p, err := readProcess(c.PID)
	if err != nil {
		err = fmt.Errorf("container %s: %w", c, err)
	}
	if err != nil && !unconfined(err) {
		return p, err
	}
	// The number may have become another process's since it was found.
	if again, failed := findContainer(name); failed != nil || again.PID != c.PID {
		return p, fmt.Errorf("container %s has ended while its filters were read", c)
	}
	p.name = fmt.Sprintf("container %s, process %d", c, c.PID)
	return p, err
}

func findContainer(name string) (*running.Container, error) {
	c, err := running.Find(name)
	var unfound *running.Error
	if errors.As(err, &unfound) && unfound.Hint != "" {
		return nil, hintf(err, "%s", unfound.Hint)
	}
	return c, err
}
