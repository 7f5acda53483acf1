// Package layer is the one place where the bytes of an image become files: it turns a layer's tar
// stream into a directory that overlayfs can stack, a directory into such a stream, and removes
// directory trees that a container has had its hands on.
//
//	result, err := layer.Unpack(dir, tarStream, layer.Root)   // tar -> directory
//	err := layer.Pack(dir, w, nil)                            // directory -> tar, the same bytes every time
//	err := layer.Remove(dir)                                  // a tree, never anything outside of it
//
// It stands below internal/image, which decides where such directories live and what they are called,
// and knows nothing of registries, digests or compression.
//
// # What it promises
//
// A layer is hostile input, unpacked as root, or as user 0 of a user namespace ([Privilege] has what becomes of it
// there). Nothing outside the directory is read, written, linked
// to or removed, whatever the stream says. This does not rest on cleaning names: the directory that holds
// an entry is opened by openat2(2) with RESOLVE_IN_ROOT, so that the kernel resolves symbolic
// links, absolute ones included, as if the layer were the whole file system; the entry itself is then made
// by a call that takes that directory and one name, and never follows a link in that name.
// Linux 5.6 is needed.
//
// What comes out is overlayfs's own form (Documentation/filesystems/overlayfs.rst): a whiteout
// ".wh.NAME" is a character device 0:0 called NAME, an opaque directory carries
// trusted.overlay.opaque=y, in a user namespace user.overlay.opaque=y. A stream cannot speak that form itself: the xattrs trusted.overlay.* and
// user.overlay.* are dropped, and a device 0:0 is an error, so no layer can redirect into another one.
// Ownership, modes with their setuid bits, xattrs (security.capability among them), hard links, times
// to the nanosecond and other device nodes are kept. The directory itself stays as the caller made
// it: an entry for "." is ignored, as Docker does.
//
// Device nodes work wherever the layer is mounted without nodev. Whoever mounts it says so; the store
// keeps layers in a directory that only its owner may enter.
//
// # Errors
//
// An error names the entry and the system call that failed, and wraps the errno. An entry that tries to
// get out, or that overlayfs would misread, is ErrHostile. After an error the directory is unfit for use; the
// caller removes it.
package layer
