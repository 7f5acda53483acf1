package main

import (
	"os"
	"strings"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/userns"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/seccomp"
)

// rootlessFeatures are what a plain user's container needs beside seccomp. Where a
// plain user asks, it is tried; root is told what the machine's settings say.
func rootlessFeatures() []kernel.Feature {
	list := []kernel.Feature{
		namespaceFeature(),
		overlayFeature(),
		{Key: "rootless.newuidmap", Name: "newuidmap, newgidmap", Has: kernel.Yes, How: "in PATH", Gives: "maps more ids than one (package uidmap)"},
		subordinateFeature(),
	}
	if err := userns.Helpers(); err != nil {
		list[2].Has, list[2].How = kernel.No, err.Error()
	}
	for i := range list {
		list[i].Group = "for plain users"
	}
	return list
}

func namespaceFeature() kernel.Feature {
	f := kernel.Feature{
		Key: "rootless.userns", Name: "user namespace", Since: "3.8",
		Gives: "containers without root",
		Has:   kernel.Yes, How: "no setting of this machine forbids it",
	}
	if reason := userns.Forbidden(); reason != "" {
		f.Has, f.How = kernel.No, reason
	}
	if userns.Needed() {
		f.Has, f.How = tried(image.TryHelper(userns.OwnID()), "a process was started in one")
	}
	return f
}

func overlayFeature() kernel.Feature {
	f := kernel.Feature{
		Key: "rootless.overlay", Name: "overlayfs in it", Since: "5.11",
		Gives: "images; weir run --rootfs DIR does without",
	}
	version, err := hostKernel()
	switch {
	case err != nil:
		f.How = err.Error()
	case version.AtLeast(seccomp.KernelVersion{Major: 5, Minor: 11}):
		f.Has, f.How = kernel.Yes, "by the kernel's version"
	default:
		f.Has, f.How = kernel.No, "by the kernel's version"
	}
	return f
}

func subordinateFeature() kernel.Feature {
	f := kernel.Feature{
		Key: "rootless.subids", Name: "subordinate ids",
		Gives: "images with several users, -u, --group-add",
	}
	if !userns.Needed() {
		f.Has, f.How = kernel.No, "/etc/subuid has no line"
		b, _ := os.ReadFile("/etc/subuid")
		if n := len(strings.Fields(string(b))); n > 0 {
			f.Has, f.How = kernel.Yes, "/etc/subuid has "+plural(n, "line")
		}
		return f
	}
	ids, err := userns.Mine()
	switch {
	case err != nil:
		f.Has, f.How = kernel.No, err.Error()
	case ids.One():
		f.Has, f.How = kernel.No, "/etc/subuid and /etc/subgid have no lines for you"
		if userns.Helpers() != nil {
			f.How = "without newuidmap and newgidmap they cannot be mapped"
		}
	default:
		f.Has, f.How = tried(image.TryHelper(ids), "mapped: "+ids.String())
	}
	return f
}

func tried(err error, how string) (kernel.Answer, string) {
	if err != nil {
		return kernel.No, err.Error()
	}
	return kernel.Yes, how
}
