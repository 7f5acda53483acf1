package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
)

// askHelper asks docker-credential-NAME for the credentials of a registry; nil says that it has none. The protocol is
// docker-credential-helpers': the registry's name on standard input, JSON or a complaint on standard output.
func askHelper(ctx context.Context, name, host string) (*credentials, error) {
	program := "docker-credential-" + name
	if strings.ContainsRune(name, '/') {
		return nil, fmt.Errorf("helper %q: want the end of a program's name, without a path", name)
	}
	server := host
	if host == "docker.io" {
		server = hubKey
	}
	cmd := exec.CommandContext(ctx, program, "get")
	cmd.Stdin = strings.NewReader(server)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		// Its last words are on either; a secret is on neither when it fails.
		said := strings.TrimSpace(stdout.String() + "\n" + stderr.String())
		if strings.Contains(said, "credentials not found") {
			return nil, nil
		}
		return nil, fmt.Errorf("ask %s about %s: %w: %s", program, server, err, said)
	case err != nil:
		return nil, fmt.Errorf("ask %s about %s: %w", program, server, err)
	}
	var answer struct{ Username, Secret string }
	if err := json.Unmarshal(stdout.Bytes(), &answer); err != nil {
		return nil, fmt.Errorf("ask %s about %s: its answer is no JSON with Username and Secret", program, server)
	}
	c := &credentials{from: program}
	if answer.Username == "<token>" {
		c.IdentityToken = answer.Secret
	} else {
		c.AuthConfig = authn.AuthConfig{Username: answer.Username, Password: answer.Secret}
	}
	return c, nil
}
