// Package vm has tests alone: weir on kernels that are not this machine's. It boots Debian's kernels for amd64 and
// arm64 in QEMU, with cgroup v2 as systemd mounts it, and runs there the tests of the rooms that speak to the
// kernel, built for that processor, and those of the package inside. Each is a subtest here, with its own output.
//
// Scripts/kernels fetches the kernels. TestKernels says what runs.
package vm
