//go:build linux

package running

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"
)

// patience is how long Docker may take to answer.
const patience = 10 * time.Second

// docker asks the daemon, which alone knows the names, for one container. It finds
// it by its name or by what its id begins with.
func (p Places) docker(name string) ([]Container, error) {
	if p.Docker == "" {
		return nil, nil
	}
	status, body, err := get(p.Docker, "/containers/"+url.PathEscape(name)+"/json")
	if err != nil {
		return nil, err
	}
	switch status {
	case 200:
	case 404:
		return nil, nil
	default:
		var e struct{ Message string }
		json.Unmarshal(body, &e)
		return nil, fmt.Errorf("asking Docker: %s (status %d)", e.Message, status)
	}
	var c struct {
		ID    string
		Name  string
		State struct {
			Status string
			PID    int
		}
	}
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, fmt.Errorf("read the answer of Docker: %w", err)
	}
	found := process("Docker", c.ID, c.State.PID, 0)
	found.Name = strings.TrimPrefix(c.Name, "/")
	if found.PID == 0 {
		found.State = "it is " + c.State.Status
	}
	return []Container{found}, nil
}

// get makes one request. HTTP/1.0 has the answer whole, up to the end of the
// connection; package net/http would make every start of weir slower.
func get(socket, path string) (status int, body []byte, err error) {
	conn, err := net.DialTimeout("unix", socket, patience)
	if err != nil {
		return 0, nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, nil, err
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.0\r\nHost: docker\r\n\r\n", path); err != nil {
		return 0, nil, fmt.Errorf("asking Docker: %w", err)
	}
	answer, err := io.ReadAll(io.LimitReader(conn, 8<<20))
	if err != nil {
		return 0, nil, fmt.Errorf("asking Docker: %w", err)
	}
	head, body, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	if _, err := fmt.Sscanf(string(head), "HTTP/1.%d %d", new(int), &status); err != nil {
		return 0, nil, fmt.Errorf("asking Docker: what listens at %s does not answer as HTTP", socket)
	}
	return status, body, nil
}
