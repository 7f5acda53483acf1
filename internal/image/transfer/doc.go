// Package transfer brings images into a store: from a registry (Pull), from an archive that docker save, skopeo
// and their like write (Load), from one image of an archive or an OCI layout (PullLocal), from a root file system
// (Import). It fetches profiles, too, which are small artifacts beside images, and pushes them (Push).
//
//	pulled, err := transfer.Pull(ctx, store, ref, transfer.Options{})
//	loaded, err := transfer.Load(ctx, store, os.Stdin, transfer.Options{})
//	id, err := transfer.Import(ctx, store, "./rootfs", ref)
//
// It stands between the tools that people call and package image, the store, so that starting a
// container needs none of what is in here: the registry protocol (package registry) and decompression.
//
// # What it promises
//
// Every byte that ends up in the store was checked: a manifest against the digest that named it, a configuration and
// a blob against the manifest, what a blob unpacks to against the configuration's diff ID. A tag is a name that the
// registry answers for; who wants more says name@sha256:... . Layers go through a pipe into package
// layer: nothing before it is checked is visible in the store. Layers that the store has are not fetched.
//
// # Errors
//
// An error names the reference or file, then the step and the cause. A *PlatformError tells which platforms there
// are when the wanted one is not among them. After an error, a cancelled context or a death the store is as before,
// but for layers that were complete and for beginnings of long blobs: the next try fetches only what is missing. Of an
// archive of several images, those before the one at fault are in.
package transfer
