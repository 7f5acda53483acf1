//go:build linux && !mips && !mipsle && !mips64 && !mips64le

package thread

// kernelSigsetSize is sizeof(sigset_t) to the kernel, in bytes.
const kernelSigsetSize = 8
