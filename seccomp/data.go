package seccomp

// Data is what the kernel shows a filter: struct seccomp_data of
// include/uapi/linux/seccomp.h.
type Data struct {
	Nr   Nr
	Arch AuditArch
	IP   uint64 // the instruction pointer; no program of weir's reads it
	Args [6]uint64
}

// DataSize is the size of struct seccomp_data in bytes: what BPF_LEN loads.
const DataSize = 64

// Offsets into struct seccomp_data, in bytes.
const (
	OffsetNr   = 0
	OffsetArch = 4
	OffsetIP   = 8
	OffsetArgs = 16
)

// OffsetLow returns where the low 32 bits of argument i lie.
func OffsetLow(i int, order ByteOrder) uint32 {
	off := uint32(OffsetArgs + 8*i)
	if order == BigEndian {
		off += 4
	}
	return off
}

// OffsetHigh returns where the high 32 bits of argument i lie.
func OffsetHigh(i int, order ByteOrder) uint32 {
	return OffsetLow(i, !order)
}

// Word returns the 32 bits at a byte offset, as a filter's load sees them. The
// offset must be a multiple of 4 below [DataSize].
func (d *Data) Word(offset uint32, order ByteOrder) uint32 {
	switch offset {
	case OffsetNr:
		return uint32(d.Nr)
	case OffsetArch:
		return uint32(d.Arch)
	}
	v := d.IP
	if offset >= OffsetArgs {
		v = d.Args[(offset-OffsetArgs)/8]
	}
	if (offset%8 == 4) != (order == BigEndian) {
		v >>= 32
	}
	return uint32(v)
}
