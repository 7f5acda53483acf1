// Package image is the store of images: what a name stands for, where an image's unpacked layers lie, and
// where a container may write. It is what `weir run` needs on its way to a container, and so it reads
// two small files and no more; bringing images in (pull, load, import) is package transfer's, on top of it.
//
//	store, err := image.Open(dir)
//	img, err := store.Image("debian:bookworm")  // img.Config, img.LayerDirs
//	hold, err := img.Hold()                     // nobody removes it now
//	scratch, err := store.NewScratch()          // scratch.Upper, scratch.Work
//
// # On disk
//
//	layers/<diff ID>/fs      a layer in overlayfs's form, unpacked once, shared by all images
//	layers/<diff ID>/size    the bytes of its regular files, in decimal
//	layers/<diff ID>/given   how many of its files were given to root, whose owner is not mapped
//	images/<image ID>        an image: its configuration, byte for byte as it came
//	refs/<host>/<path>:<tag> a reference: the image ID it stands for; also <path>@<digest>
//	tmp/                     layers being unpacked or removed
//	scratch/<random>         writable layers of running containers, and of ended ones in which nothing is
//	partial/<digest>         the beginning of a blob, which a pull that was cut off leaves to the next one
//	content/<digest>         a profile from a registry, or its manifest
//	new                      a file on its way to images/, refs/ or content/
//	ids                      a plain user's: the ids that files in it can have
//
// All of layers/, images/ and the others are the owner's alone (mode 0700): layers hold setuid
// programs and device nodes. A device node works where a layer is mounted without nodev. Compressed
// blobs are not kept once their layers are whole. A layer's directory is named by its diff ID, not by a chain ID,
// because overlayfs stacks directories that know nothing of each other; an image that has the same layer twice
// has the upper one.
//
// # Plain users
//
// The files of a plain user's layers belong to the ids that the user can map (package userns), as the container
// sees them. So a layer is unpacked, and what the user cannot remove is removed, by a process in a user namespace: this
// very program, run again by the name [HelperName], which its main hands to [Helper].
//
// # What it promises
//
// Whatever is visible under layers/, images/ and refs/ is whole: it was written elsewhere in the store,
// made durable, and renamed into place, an image after its layers, a reference after its image; removals go the
// other way. What a process killed at any moment had on its way, in tmp/, scratch/ and new, the next Open removes; and
// with it the directories of containers that ended and had written nothing, which may take the disk longer than such a
// container took to run.
// Whole layers that it had no image for yet stay, for the pull that is tried again, until Prune or a Remove.
//
// Several processes may use one store at once. All locks are flock(2) locks and so end with their
// holder: on an entry of tmp/ or scratch/ (its maker is alive), on a layer (shared: an image
// that needs it is about to be committed), on a file in images/ (shared: a container runs on
// it), on images/ (by whoever changes images/, refs/ and which layers there are). A process that needs a layer
// which another one is unpacking waits for it.
//
// # Errors
//
// ErrNotFound, ErrInUse, ErrAmbiguous and ErrDamaged can be asked for with errors.Is; the message names the
// reference or the file and says what to do. Any other error is the file system's. A configuration is held against
// its ID whenever it is read; of layers it is only seen whether they are there.
package image
