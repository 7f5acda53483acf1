// Package registry speaks with registries: the protocol of the OCI distribution-spec, as far as fetching and
// pushing small artifacts needs it.
//
//	repo, err := registry.Open(ctx, ref, registry.Pull, registry.Options{})
//	m, err := repo.Manifest(ctx, "bookworm")
//	body := repo.Blob(ctx, digest, size, 0)
//
// It stands below package transfer, which makes images of what comes, and below package artifact's users, which
// make profiles of it. The handshake (tokens, scopes) is go-containerregistry's.
//
// # What it promises
//
// Plain HTTP is spoken with registries on this machine only (127.0.0.0/8, [::1], localhost), HTTPS with all
// others, redirections and private address ranges included. A redirection from elsewhere to this machine is refused.
//
// Credentials are those of docker login and podman login, and those of their credential helpers; they are sent to
// the registry that they are for and to the token server that it names, and to nobody else.
//
// A registry that says nothing for a while, that cuts a connection, or that answers 429 or 5xx is asked again, with a
// pause that grows; a blob goes on where it stopped, if the registry can do that. Patience says how long.
//
// # Errors
//
// An error names the step and the host, then the cause, then what to do where that is known. Nothing here checks what
// a blob's bytes are: who reads them holds them against the digest.
package registry
