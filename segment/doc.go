// Package segment holds the values of a segmented download: what is to be
// fetched, and what has been. It does no I/O, reads no clock and starts no
// goroutine, so everything in it can be tested with tables.
//
// The vocabulary, on one page:
//
//   - A [Range] is a half-open interval of bytes, [Off, End).
//   - A block is the atom of everything: the bitmap's bit, the border at which
//     work may be stolen, the unit of verification.
//   - A [Grid] is a file cut into blocks of equal size; the last may be short.
//   - A [Bitmap] is the set of blocks that are done.
//   - An [Identity] says which version of which file the bytes belong to. Bytes
//     fetched at different times are put together only under one identity.
//   - A [Checkpoint] is identity, grid and bitmap as bytes. Two of them stand in
//     a file side by side, written in turn, so that a torn write costs one
//     generation and never the file.
//   - A [Digest] is what the whole file should hash to.
//
// A checkpoint claims; it does not prove. Whoever writes one must have made the
// bytes durable first, and whoever reads one may hold the claim against the
// CRC-32C of each block, which the checkpoint carries.
package segment
