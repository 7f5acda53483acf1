package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// elsewhere lists the flags of docker run that weir does not have. Naming one is
// an error that says so, rather than one about a flag that nobody knows.
var elsewhere = strings.Fields(`add-host annotation attach blkio-weight blkio-weight-device cgroup-parent cgroupns cidfile
	cpu-count cpu-percent cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpuset-cpus cpuset-mems
	detach detach-keys device device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops
	disable-content-trust dns dns-opt dns-option dns-search domainname expose gpus health-cmd health-interval
	health-retries health-start-interval health-start-period health-timeout io-maxbandwidth io-maxiops ip ip6
	ipc isolation kernel-memory label label-file link link-local-ip log-driver log-opt mac-address
	memory-reservation memory-swappiness name net net-alias network-alias no-healthcheck
	oom-kill-disable oom-score-adj pid platform publish publish-all quiet restart runtime sig-proxy
	stop-timeout storage-opt sysctl use-api-socket userns uts volume-driver volumes-from`)

// dockersAlone are those that podman run does not have.
var dockersAlone = strings.Fields(`cpu-count cpu-percent domainname health-start-interval io-maxbandwidth io-maxiops isolation
	link link-local-ip net-alias use-api-socket volume-driver`)

// instead is how weir does what some of them do.
var instead = map[string]string{
	"cpu-quota": "--cpus limits the time of processors",
	"net":       "--network is the name that weir knows",
	"platform":  "weir pull --platform fetches the image for another one",
}

// elsewhereShort are the short names of some of them.
var elsewhereShort = map[string]string{
	"a": "attach", "c": "cpu-shares", "d": "detach", "l": "label", "p": "publish", "P": "publish-all", "q": "quiet",
}

// flagError tells where a flag exists that weir run does not have.
func flagError(err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	name := unknown.GetSpecifiedName()
	written := "--" + name
	if unknown.GetSpecifiedShortnames() != "" {
		written = "-" + name
		name = elsewhereShort[name]
	}
	if !slices.Contains(elsewhere, name) {
		return hintf(err, "weir run --help has the flags")
	}
	if slices.Contains(dockersAlone, name) {
		return fmt.Errorf("weir run has no %s: docker run does", written)
	}
	err = fmt.Errorf("weir run has no %s: docker run and podman run do", written)
	if hint := instead[name]; hint != "" {
		return hintf(err, "%s", hint)
	}
	return err
}

// verbElsewhere tells where a verb exists that weir does not have: nil for one that
// nobody has.
func verbElsewhere(name string) error {
	const docker = `attach build commit cp create events exec export history kill logs network pause port ps rename
		restart rm save search start stats stop tag top unpause update volume wait`
	if name == "login" || name == "logout" {
		return hintf(fmt.Errorf("weir has no %s", name), "it uses the credentials of docker login and podman login")
	}
	if !slices.Contains(strings.Fields(docker), name) {
		return nil
	}
	return hintf(fmt.Errorf("weir has no %s: docker and podman do", name), "weir run runs one container in the foreground")
}
