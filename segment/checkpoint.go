package segment

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

var (
	// ErrCorrupt says that bytes are not a whole checkpoint.
	ErrCorrupt = errors.New("checkpoint is damaged")
	// ErrVersion says that a checkpoint was written by a newer braid.
	ErrVersion = errors.New("checkpoint was written by a newer braid")
)

// MaxHeads is how many heads a checkpoint has room for: more than there are
// connections.
const MaxHeads = 128

// A Head is the beginning of a block that is not whole. On a slow link blocks
// take long, and what has come of one should not have to come again.
type Head struct {
	Block int
	Len   int64  // bytes from the block's start; less than the block
	Sum   uint32 // their CRC-32C
}

// Castagnoli is the CRC-32C table: the sum of checkpoints and of blocks.
var Castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A Checkpoint is what a download must remember to go on after any
// interruption. It holds no URL, no credential and no cookie.
type Checkpoint struct {
	Generation uint64 // the slot with the higher one is the newer
	Complete   bool   // every byte is durable; only verifying and renaming remain
	Clean      bool   // written by an orderly stop, after which Part did not change
	Relaxed    bool   // nothing was flushed: after a power cut it may claim what is not there

	Identity Identity
	Grid     Grid
	Done     *Bitmap
	Sums     []uint32 // CRC-32C of each block in Done; 0 for the others
	Heads    []Head   // of blocks not in Done; at most MaxHeads

	Origin Origin // where the bytes came from
	Host   string // the host that sent them, for messages; at most 255 bytes
	Part   Stamp  // the file that holds them
	Pid    int    // the process that wrote this, for messages
}

// A Stamp tells one file on disk from another.
type Stamp struct {
	Dev, Ino uint64
	Size     int64 // bytes
	Modified int64 // nanoseconds since 1970
}

// An Origin recognises a URL without revealing it: a random salt and the
// SHA-256 of salt and URL. The caller leaves out userinfo and fragment.
type Origin struct {
	Salt [8]byte
	Sum  [sha256.Size]byte
}

// NewOrigin hashes url with salt.
func NewOrigin(url string, salt [8]byte) Origin {
	return Origin{Salt: salt, Sum: sha256.Sum256(append(salt[:], url...))}
}

// Is says whether o was made from url.
func (o Origin) Is(url string) bool { return o == NewOrigin(url, o.Salt) }

// The format, version 1, little-endian. A slot is a multiple of 4096 bytes
// long and ends in the CRC-32C of all before it. Every later version keeps
// magic, version, length and CRC where they are, so that a slot from the
// future can be told from a damaged one.
//
//	 0 magic "BRAID\x1a\r\n"      72 origin: salt, 8 bytes
//	 8 version u16                80 origin: sum, 32 bytes
//	10 flags u16                 112 Last-Modified, seconds i64
//	12 slot length u32           120 Date, seconds i64
//	16 generation u64            128 length of ETag u16, of host u16
//	24 size u64                  132 heads u16, reserved u16
//	32 block size u32            136 ETag, host
//	36 pid u32                       bitmap, whole 64-bit words
//	40 part: dev u64, ino u64        CRC-32C of each block, u32
//	56 part: size i64, mtime i64     heads: block u32, length u32, CRC-32C u32
//	                                 zeros; CRC-32C of the slot u32
//
// There is always room for the longest texts and for MaxHeads heads: whatever is
// learned, the slots of one download keep their length.
const (
	magic     = "BRAID\x1a\r\n"
	version   = 1
	fixedSize = 136
	perHead   = 12
	slotAlign = 4096
	maxSlot   = 4 << 20
	maxBlock  = 1 << 31
	maxText   = 255

	flagComplete = 1 << 0
	flagClean    = 1 << 1
	flagModified = 1 << 2
	flagDate     = 1 << 3
	flagRelaxed  = 1 << 4
	flagsKnown   = flagComplete | flagClean | flagModified | flagDate | flagRelaxed
)

// MarshalBinary is one slot. All slots of one download are equally long.
func (c *Checkpoint) MarshalBinary() ([]byte, error) {
	n := c.Grid.Len()
	switch {
	case c.Done == nil || c.Done.Len() != n || len(c.Sums) != n:
		return nil, errors.New("checkpoint: bitmap and sums must fit the grid")
	case n == 0 || n > maxBlocks || c.Grid.Block > maxBlock:
		return nil, fmt.Errorf("checkpoint: a grid of %d blocks of %d bytes", n, c.Grid.Block)
	case len(c.Identity.ETag) > maxText || len(c.Host) > maxText:
		return nil, errors.New("checkpoint: text too long")
	case len(c.Heads) > MaxHeads:
		return nil, fmt.Errorf("checkpoint: %d heads", len(c.Heads))
	}
	for _, h := range c.Heads {
		if !c.fits(h) {
			return nil, fmt.Errorf("checkpoint: a head of %d bytes in block %d", h.Len, h.Block)
		}
	}
	size := c.size()

	flags, le := uint16(0), binary.LittleEndian
	set := func(on bool, flag uint16) {
		if on {
			flags |= flag
		}
	}
	set(c.Complete, flagComplete)
	set(c.Clean, flagClean)
	set(c.Relaxed, flagRelaxed)
	set(!c.Identity.Modified.IsZero(), flagModified)
	set(!c.Identity.Date.IsZero(), flagDate)

	p := make([]byte, 0, size)
	p = append(p, magic...)
	p = le.AppendUint16(p, version)
	p = le.AppendUint16(p, flags)
	p = le.AppendUint32(p, uint32(size))
	p = le.AppendUint64(p, c.Generation)
	p = le.AppendUint64(p, uint64(c.Grid.Size))
	p = le.AppendUint32(p, uint32(c.Grid.Block))
	p = le.AppendUint32(p, uint32(c.Pid))
	p = le.AppendUint64(p, c.Part.Dev)
	p = le.AppendUint64(p, c.Part.Ino)
	p = le.AppendUint64(p, uint64(c.Part.Size))
	p = le.AppendUint64(p, uint64(c.Part.Modified))
	p = append(p, c.Origin.Salt[:]...)
	p = append(p, c.Origin.Sum[:]...)
	p = le.AppendUint64(p, uint64(c.Identity.Modified.Unix()))
	p = le.AppendUint64(p, uint64(c.Identity.Date.Unix()))
	p = le.AppendUint16(p, uint16(len(c.Identity.ETag)))
	p = le.AppendUint16(p, uint16(len(c.Host)))
	p = le.AppendUint16(p, uint16(len(c.Heads)))
	p = le.AppendUint16(p, 0)
	p = append(p, c.Identity.ETag...)
	p = append(p, c.Host...)
	p = c.Done.append(p)
	for _, sum := range c.Sums {
		p = le.AppendUint32(p, sum)
	}
	for _, h := range c.Heads {
		p = le.AppendUint32(p, uint32(h.Block))
		p = le.AppendUint32(p, uint32(h.Len))
		p = le.AppendUint32(p, h.Sum)
	}
	p = p[:size-4]
	return le.AppendUint32(p, crc32.Checksum(p, Castagnoli)), nil
}

// size is how long a slot is, in bytes.
func (c *Checkpoint) size() int {
	n := fixedSize + 2*maxText + c.Done.size() + 4*len(c.Sums) + perHead*MaxHeads + 4
	return (n + slotAlign - 1) / slotAlign * slotAlign
}

// fits says whether h can be the beginning of a block that is not whole.
func (c *Checkpoint) fits(h Head) bool {
	return h.Block >= 0 && h.Block < c.Grid.Len() && !c.Done.Has(h.Block) && h.Len > 0 && h.Len < c.Grid.Range(h.Block).Len()
}

// UnmarshalBinary reads one slot. It returns an error wrapping ErrCorrupt or
// ErrVersion, and believes no length before it has checked it.
func (c *Checkpoint) UnmarshalBinary(p []byte) error {
	le := binary.LittleEndian
	switch {
	case len(p) < fixedSize+4 || len(p)%slotAlign != 0 || len(p) > maxSlot:
		return fmt.Errorf("%w: %d bytes", ErrCorrupt, len(p))
	case string(p[:8]) != magic:
		return fmt.Errorf("%w: it does not begin as one", ErrCorrupt)
	case le.Uint32(p[12:]) != uint32(len(p)):
		return fmt.Errorf("%w: it gives its length as %d, not %d", ErrCorrupt, le.Uint32(p[12:]), len(p))
	case le.Uint32(p[len(p)-4:]) != crc32.Checksum(p[:len(p)-4], Castagnoli):
		return fmt.Errorf("%w: its checksum is wrong", ErrCorrupt)
	case le.Uint16(p[8:]) != version:
		return fmt.Errorf("%w: format %d", ErrVersion, le.Uint16(p[8:]))
	}

	flags, size, block := le.Uint16(p[10:]), le.Uint64(p[24:]), le.Uint32(p[32:])
	etag, host, heads := int(le.Uint16(p[128:])), int(le.Uint16(p[130:])), int(le.Uint16(p[132:]))
	if flags&^flagsKnown != 0 || size == 0 || size > 1<<62 || block == 0 || block > maxBlock || (size-1)/uint64(block) >= maxBlocks ||
		etag > maxText || host > maxText || heads > MaxHeads {
		return fmt.Errorf("%w: a field is out of bounds", ErrCorrupt)
	}
	g := Grid{Size: int64(size), Block: int64(block)}
	done := NewBitmap(g.Len())
	if fixedSize+etag+host+done.size()+4*g.Len()+perHead*heads+4 > len(p) {
		return fmt.Errorf("%w: too short for %d blocks", ErrCorrupt, g.Len())
	}
	*c = Checkpoint{
		Generation: le.Uint64(p[16:]),
		Complete:   flags&flagComplete != 0,
		Clean:      flags&flagClean != 0,
		Relaxed:    flags&flagRelaxed != 0,
		Grid:       g,
		Done:       done,
		Sums:       make([]uint32, g.Len()),
		Pid:        int(le.Uint32(p[36:])),
		Part: Stamp{
			Dev: le.Uint64(p[40:]), Ino: le.Uint64(p[48:]),
			Size: int64(le.Uint64(p[56:])), Modified: int64(le.Uint64(p[64:])),
		},
		Identity: Identity{
			Size:     int64(size),
			Modified: seconds(flags&flagModified != 0, p[112:]),
			Date:     seconds(flags&flagDate != 0, p[120:]),
		},
	}
	copy(c.Origin.Salt[:], p[72:])
	copy(c.Origin.Sum[:], p[80:])
	p = p[fixedSize:]
	c.Identity.ETag, p = string(p[:etag]), p[etag:]
	c.Host, p = string(p[:host]), p[host:]
	if !done.read(p) {
		return fmt.Errorf("%w: a block past the last is set", ErrCorrupt)
	}
	p = p[done.size():]
	for i := range c.Sums {
		c.Sums[i] = le.Uint32(p[4*i:])
	}
	p = p[4*len(c.Sums):]
	for i := range heads {
		at := p[perHead*i:]
		h := Head{Block: int(le.Uint32(at)), Len: int64(le.Uint32(at[4:])), Sum: le.Uint32(at[8:])}
		if !c.fits(h) {
			return fmt.Errorf("%w: a head of %d bytes in block %d", ErrCorrupt, h.Len, h.Block)
		}
		c.Heads = append(c.Heads, h)
	}
	return nil
}

// Missing is how many bytes of c's file are neither in a whole block nor in a
// head.
func (c *Checkpoint) Missing() int64 {
	n := c.Grid.Size - c.Done.Bytes(c.Grid)
	for _, h := range c.Heads {
		n -= h.Len
	}
	return n
}

func seconds(set bool, p []byte) time.Time {
	if !set {
		return time.Time{}
	}
	return time.Unix(int64(binary.LittleEndian.Uint64(p)), 0).UTC()
}

// Newest reads a checkpoint file, two slots of equal length one after the
// other, and returns the whole slot with the higher generation, and the other
// one if it is whole too. Its error wraps ErrVersion if either slot is of a
// newer format, else ErrCorrupt if neither is whole.
func Newest(file []byte) (newest, older *Checkpoint, err error) {
	half := len(file) / 2
	var a, b Checkpoint
	errA, errB := a.UnmarshalBinary(file[:half]), b.UnmarshalBinary(file[half:])
	switch {
	case errors.Is(errA, ErrVersion):
		return nil, nil, errA
	case errors.Is(errB, ErrVersion):
		return nil, nil, errB
	case errA != nil && errB != nil:
		return nil, nil, errA
	case errA != nil:
		return &b, nil, nil
	case errB != nil:
		return &a, nil, nil
	case a.Generation > b.Generation:
		return &a, &b, nil
	}
	return &b, &a, nil
}
