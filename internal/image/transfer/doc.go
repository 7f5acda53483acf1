// Package transfer brings images into a store: from a registry (Pull), from an archive that docker save, skopeo
// and their like write (Load), from a root file system (Import).
//
//	id, err := transfer.Pull(ctx, store, ref, transfer.Options{})
//	loaded, err := transfer.Load(ctx, store, os.Stdin, transfer.Options{})
//	id, err := transfer.Import(ctx, store, "./rootfs", ref)
//
// It stands between the tools that people call and package image, the store, so that starting a
// container needs none of what is in here: the registry protocol (go-containerregistry, whose package
// initialisers alone take a millisecond) and decompression.
//
// # What it promises
//
// Every byte that ends up in the store was checked: a manifest against the digest that named it, a configuration and
// a blob against the manifest, what a blob unpacks to against the configuration's diff ID. A tag is a name that the
// registry answers for; who wants more says name@sha256:... . Layers go through a pipe into package
// layer: nothing is stored compressed, and nothing before it is checked is visible in the store.
// Layers that the store has are not fetched.
//
// Plain HTTP is spoken with registries on this machine only (127.0.0.0/8, [::1], localhost), HTTPS
// with all others, redirections and private address ranges included. Credentials are those of
// docker login.
//
// # Errors
//
// An error names the reference or file, then the cause. A *PlatformError tells which platforms there
// are when the wanted one is not among them. After an error or a cancelled context the store is as before,
// but for layers that were complete: the next try need not fetch them.
package transfer
