//go:build linux && (mips || mipsle || mips64 || mips64le)

package thread

// kernelSigsetSize is sizeof(sigset_t) to the kernel, in bytes: MIPS has 128 signals.
const kernelSigsetSize = 16
