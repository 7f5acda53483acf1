package main

import (
	"runtime"
	"runtime/debug"
)

// version tells which weir this is: of a release or of a commit, of which Go and for what.
func version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok || build.Main.Version == "" {
		return "(unknown) " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	}
	return build.Main.Version + " " + build.GoVersion + " " + runtime.GOOS + "/" + runtime.GOARCH
}
