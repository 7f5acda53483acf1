package handover

import "errors"

// The form on the wire: each field of the plan in turn, numbers as eight bytes,
// the lowest first, strings and lists with their length before them.

// wire writes a plan, or reads it: one walk over the fields serves both, so that
// the two cannot disagree about their order.
type wire struct {
	b       []byte
	reading bool
	err     error
}

var errShort = errors.New("the plan ends within a field")

// Marshal returns the plan in the form that [Unmarshal] reads.
func (p *Plan) Marshal() []byte {
	w := wire{}
	w.plan(p)
	return w.b
}

// Unmarshal reads a plan. What follows it in b is ignored.
func Unmarshal(b []byte) (*Plan, error) {
	w, p := wire{b: b, reading: true}, &Plan{}
	w.plan(p)
	return p, w.err
}

func (w *wire) plan(p *Plan) {
	w.bool(&p.UserNS)
	w.bool(&p.OneID)
	list(w, &p.Layers, (*wire).string)
	w.string(&p.Upper)
	w.string(&p.Work)
	w.string(&p.Rootfs)
	w.bool(&p.ReadonlyRoot)
	number(w, &p.RootAttrs)
	list(w, &p.Mounts, (*wire).mount)
	list(w, &p.Devices, (*wire).device)
	list(w, &p.Links, func(w *wire, l *Link) { w.string(&l.Path); w.string(&l.Target) })
	list(w, &p.Readonly, (*wire).string)
	list(w, &p.Masked, (*wire).string)
	list(w, &p.Sysctls, func(w *wire, s *Sysctl) { w.string(&s.Path); w.string(&s.Value) })
	w.string(&p.Hostname)
	w.bool(&p.Loopback)
	w.bool(&p.OwnCgroup)
	w.bool(&p.Terminal)
	number(w, &p.Rows)
	number(w, &p.Columns)
	w.bool(&p.NullStdin)
	list(w, &p.Args, (*wire).string)
	list(w, &p.Env, (*wire).string)
	w.string(&p.Cwd)
	list(w, &p.Groups, (*wire).string)
	w.string(&p.User)
	number(w, &p.Caps)
	w.bool(&p.NoNewPrivs)
	w.bool(&p.Confined)
	w.bool(&p.Reaper)
	list(w, &p.Rlimits, (*wire).rlimit)
}

func (w *wire) rlimit(r *Rlimit) {
	w.string(&r.Name)
	number(w, &r.Resource)
	number(w, &r.Soft)
	number(w, &r.Hard)
}

func (w *wire) mount(m *Mount) {
	number(w, &m.Kind)
	w.string(&m.Type)
	w.string(&m.Source)
	w.string(&m.Target)
	number(w, &m.Attrs)
	list(w, &m.Options, (*wire).string)
	w.string(&m.Content)
}

func (w *wire) device(d *Device) {
	w.string(&d.Path)
	number(w, &d.Mode)
	number(w, &d.Rdev)
	number(w, &d.Uid)
	number(w, &d.Gid)
	w.bool(&d.Bind)
}

func number[N ~uint16 | ~uint32 | ~uint64](w *wire, v *N) {
	if !w.reading {
		for i := range 8 {
			w.b = append(w.b, byte(uint64(*v)>>(8*i)))
		}
		return
	}
	b := w.take(8)
	var n uint64
	for i := range b {
		n |= uint64(b[i]) << (8 * i)
	}
	*v = N(n)
}

func (w *wire) bool(v *bool) {
	var n uint16
	if *v {
		n = 1
	}
	number(w, &n)
	*v = n != 0
}

func (w *wire) string(v *string) {
	b := []byte(*v)
	w.bytes(&b)
	*v = string(b)
}

func (w *wire) bytes(v *[]byte) {
	n := uint64(len(*v))
	number(w, &n)
	if !w.reading {
		w.b = append(w.b, *v...)
		return
	}
	*v = w.take(n)
}

func list[T any](w *wire, v *[]T, each func(*wire, *T)) {
	n := uint64(len(*v))
	number(w, &n)
	if w.reading {
		if n > uint64(len(w.b)) { // every element takes up a byte at least
			w.err = errShort
			return
		}
		*v = make([]T, n)
	}
	for i := range *v {
		each(w, &(*v)[i])
	}
}

// take removes the next n bytes: fewer, and an error, if there are fewer.
func (w *wire) take(n uint64) []byte {
	if n > uint64(len(w.b)) {
		w.err, w.b = errShort, nil
		return nil
	}
	b := w.b[:n:n]
	w.b = w.b[n:]
	return b
}
