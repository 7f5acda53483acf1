//go:build linux && !amd64

package call

// Int80 is x86's alone. Elsewhere no call is made by it.
//
//go:nosplit
func Int80(uint32, *[6]uint32) uint32 { return noSuchCall }

const noSuchCall = 1<<32 - 38 // a negated ENOSYS
