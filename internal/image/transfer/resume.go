package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image"
)

// worthKeeping is how long a blob must be for its beginning to be kept: shorter ones are fetched again sooner than
// their pieces are looked after.
const worthKeeping = 1 << 20

// resumed is a blob from a registry: first what an earlier pull left of it, then the rest. As it arrives it is kept
// for a later pull, until settle.
type resumed struct {
	io.Reader
	rest  io.ReadCloser
	part  *image.Partial // nil if nothing is kept
	old   int64          // bytes of earlier pulls
	broke bool           // the registry or the way to it, so that the bytes so far may be right
}

func (r repository) resume(ctx context.Context, d image.Digest, size int64) *resumed {
	b := new(resumed)
	if size >= worthKeeping {
		b.part, _ = r.s.Partial(d) // without it, a pull that is cut begins anew, and no more
	}
	if b.part != nil && b.part.Size() > 0 {
		if b.part.Size() <= size {
			b.old = b.part.Size()
		} else {
			b.drop()
		}
	}
	b.rest = r.repo.Blob(ctx, d, size, b.old)
	b.Reader = keeper{b}
	if b.old > 0 {
		b.Reader = io.MultiReader(b.part.Reader(), b.Reader)
	}
	return b
}

// keeper reads the rest.
type keeper struct{ b *resumed }

func (k keeper) Read(p []byte) (int, error) {
	n, err := k.b.rest.Read(p)
	if n > 0 && k.b.part != nil {
		if _, err := k.b.part.Write(p[:n]); err != nil {
			k.b.drop() // the disk is full, say: the layer itself needs the room
		}
	}
	if err != nil && err != io.EOF {
		k.b.broke = true
	}
	return n, err
}

func (b *resumed) drop() {
	if b.part != nil {
		_ = b.part.Remove() // what is left is found wrong, or too old, later
		b.part = nil
	}
}

func (b *resumed) Close() error { return b.rest.Close() }

// errStale says that what an earlier pull left may be why a layer was wrong. It is gone now.
var errStale = errors.New("begun by an earlier pull")

// settle keeps what has come of the blob, if it may be of use, after an attempt to unpack it.
func (b *resumed) settle(ctx context.Context, err error) error {
	if err != nil && (b.broke || ctx.Err() != nil) {
		if b.part != nil {
			err = errors.Join(err, b.part.Close())
		}
		return err
	}
	b.drop()
	if err != nil && b.old > 0 && !isDiskFull(err) {
		return fmt.Errorf("%w: %w", errStale, err)
	}
	return err
}

func isDiskFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
