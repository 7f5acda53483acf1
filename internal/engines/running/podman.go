//go:build linux

package running

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// podman lists the names of Podman's storage. Which process is a container's runc
// or crun knows, whose state directories are among the places.
func (p Places) podman() ([]Container, error) {
	var list []Container
	for _, dir := range p.Podman {
		if _, err := os.ReadDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return list, err // Glob says nothing of what it may not read
		}
		files, err := filepath.Glob(filepath.Join(dir, "*-containers", "containers.json")) // one for each storage driver
		if err != nil {
			return list, err
		}
		for _, file := range files {
			known, err := podmanNames(file)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return list, err
			}
			list = append(list, known...)
		}
	}
	return list, nil
}

func podmanNames(file string) (list []Container, err error) {
	var containers []struct {
		ID    string   `json:"id"`
		Names []string `json:"names"`
	}
	err = readJSON(file, &containers)
	for _, c := range containers {
		known := Container{Engine: "Podman", ID: c.ID, State: "neither runc nor crun has a process of it"}
		if len(c.Names) > 0 {
			known.Name = c.Names[0]
		}
		list = append(list, known)
	}
	return list, err
}
