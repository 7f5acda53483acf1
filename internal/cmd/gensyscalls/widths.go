package main

import (
	"fmt"
	"strings"
)

// typeBits is how many bits of a register an argument of the type has: what is
// left of it after the cast in the kernel's wrapper (__SC_CAST in
// include/linux/syscalls.h). A word is as wide as a register of the ABI.
var typeBits = map[string]int{
	// include/linux/types.h: typedef unsigned short umode_t.
	"umode_t": 16,
	// The one call with it, mq_open, hands it on as umode_t (ipc/mqueue.c).
	"compat_mode_t": 16,
	// include/linux/types.h: old_uid_t is __kernel_old_uid_t, unsigned short
	// where an ABI has calls that take it (asm/posix_types.h).
	"old_uid_t": 16,
	"old_gid_t": 16,

	"int": 32, "unsigned int": 32, "unsigned": 32, "uint": 32,
	"s32": 32, "u32": 32, "__s32": 32, "__u32": 32,
	"pid_t": 32, "compat_pid_t": 32, "uid_t": 32, "gid_t": 32, "qid_t": 32,
	"key_t": 32, "key_serial_t": 32, "clockid_t": 32, "timer_t": 32, "mqd_t": 32,
	"rwf_t": 32, "enum landlock_rule_type": 32,
	"compat_size_t": 32, "compat_ssize_t": 32, "compat_long_t": 32, "compat_ulong_t": 32,
	"compat_off_t": 32, "compat_uptr_t": 32, "compat_aio_context_t": 32,

	"long": word, "unsigned long": word, "size_t": word, "off_t": word, "uintptr_t": word,
	"old_sigset_t": word, "aio_context_t": word, "loff_t": word, "u64": word, "__u64": word,
	"__sighandler_t": word, "cap_user_header_t": word, "cap_user_data_t": word, // pointers
}

const word = 0

// bits returns the width of a parameter such as "const char *name".
func bits(param string) (int, error) {
	if strings.Contains(param, "*") {
		return word, nil
	}
	typ := strings.TrimPrefix(param[:strings.LastIndexByte(param, ' ')], "const ")
	n, ok := typeBits[typ]
	if !ok {
		return 0, fmt.Errorf("parameter %q: no width is known of its type; add it to typeBits", param)
	}
	return n, nil
}

// packed holds the widths of six arguments, two bits each: 0 for a word, 1 for
// 16 bits, 2 for 32.
type packed uint16

func (p *packed) set(arg, n int) {
	*p &^= 3 << (2 * arg)
	*p |= packed(n/16) << (2 * arg)
}
