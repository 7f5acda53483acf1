// Package artifact is profiles as OCI artifacts: what a registry keeps of one, and what the store keeps of it.
//
//	a, err := artifact.New("tight.json", src)  // a.Manifest, a.Config, a.Profile: push these
//	ref, err := artifact.ParseReference("oci://registry.example/profiles/tight@sha256:...")
//	src, err := artifact.Load(store, ref)  // the profile, byte for byte
//
// The form is that of the Kubernetes proposal KEP-6061, which CRI-O and the security-profiles-operator read and
// write: a manifest whose configuration and artifact type have the media type Type, with the raw JSON of one profile, by
// the OCI runtime-spec, as its only layer.
//
// # What it promises
//
// The manifest is a pure function of the profile's bytes: the same profile has the same digest, whoever pushes it, when
// and from which file. New refuses what the runtimes of Kubernetes would refuse or read otherwise than weir.
//
// A profile is referred to by digest only. Load checks the manifest against that digest and the profile against
// the manifest, each time, so that a reference means the same bytes on every machine and needs no registry once they are
// here. Fetching is not done here but by package transfer, so that starting a container links none of it.
package artifact
