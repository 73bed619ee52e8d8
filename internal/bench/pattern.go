package bench

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"

	"braid/segment"
)

// A Pattern says which ranges of a file are asked for. The zero value is no
// pattern; ParsePattern makes them.
type Pattern struct {
	Kind   string          // one of those that Patterns has
	Stride int64           // of strided: bytes from the beginning of one range to that of the next
	Skew   float64         // of zipf: how much hotter the hot is, above 1
	Parts  int             // of multi: ranges in one request
	Trace  []segment.Range // of trace: what to ask for, in this order
}

// The kinds of patterns.
const (
	Sequential = "sequential" // from the beginning to the end, and again
	Random     = "random"     // anywhere
	Strided    = "strided"    // every so many bytes, as a reader of columns does
	Zipf       = "zipf"       // blocks, of which few are asked for often
	Suffix     = "suffix"     // the end of the file, by its length alone
	Multi      = "multi"      // several ranges in one request
	Whole      = "whole"      // the whole file, over several connections, as braid get does
	Replay     = "trace"      // what a file of offsets and lengths says
)

// Patterns describes them for help and errors: what to type.
func Patterns() []string {
	return []string{Sequential, Random, Strided + "[:STRIDE]", Zipf + "[:SKEW]", Suffix, Multi + "[:PARTS]", Whole}
}

// maxParts is the most ranges in one request: servers that guard themselves
// refuse more (RFC 9110, section 17.15).
const maxParts = 16

// ParsePattern reads a kind and, behind a colon, what it can be told. size reads
// a number of bytes.
func ParsePattern(s string, size func(string) (int64, error)) (Pattern, error) {
	kind, arg, told := strings.Cut(s, ":")
	p := Pattern{Kind: kind}
	var err error
	switch kind {
	case Sequential, Random, Suffix, Whole:
		if told {
			return p, fmt.Errorf("%s takes nothing behind a colon", kind)
		}
	case Strided:
		p.Stride = 1 << 20
		if told {
			p.Stride, err = size(arg)
		}
		if err != nil || p.Stride <= 0 {
			return p, fmt.Errorf("%q is no stride: a size such as strided:1M is meant", arg)
		}
	case Zipf:
		p.Skew = 1.1
		if told {
			p.Skew, err = strconv.ParseFloat(arg, 64)
		}
		if err != nil || !(p.Skew > 1 && p.Skew <= 10) {
			return p, fmt.Errorf("%q is no skew: a number above 1 and up to 10 is meant, such as zipf:1.2", arg)
		}
	case Multi:
		p.Parts = 4
		if told {
			p.Parts, err = strconv.Atoi(arg)
		}
		if err != nil || p.Parts < 2 || p.Parts > maxParts {
			return p, fmt.Errorf("%q is no number of parts: from 2 to %d is meant, such as multi:4", arg, maxParts)
		}
	default:
		return p, fmt.Errorf("there is no pattern %q: it is one of %s", s, strings.Join(Patterns(), ", "))
	}
	return p, nil
}

// String is what ParsePattern reads.
func (p Pattern) String() string {
	switch p.Kind {
	case Strided:
		return fmt.Sprintf("%s:%d", p.Kind, p.Stride)
	case Zipf:
		return fmt.Sprintf("%s:%g", p.Kind, p.Skew)
	case Multi:
		return fmt.Sprintf("%s:%d", p.Kind, p.Parts)
	}
	return p.Kind
}

// Fits says why the pattern cannot be played on a file of size bytes, or nil.
func (p Pattern) Fits(size int64, mix Mix) error {
	switch {
	case size <= 0:
		return fmt.Errorf("it is empty: there is no range to ask for")
	case p.Kind == Multi && size/int64(p.Parts)/3 < mix.largest():
		return fmt.Errorf("it has %d bytes, too few for %d ranges of %d in one request: give a smaller --block or fewer parts", size, p.Parts, mix.largest())
	case p.Kind == Replay:
		for i, r := range p.Trace {
			if r.End > size {
				return fmt.Errorf("range %d of the trace asks for bytes %v, and the file has %d", i+1, r, size)
			}
		}
	}
	return nil
}

// A walk plays a pattern over one file. It may be used by several goroutines at
// once, among which the order of the ranges is that of their calls.
type walk struct {
	p    Pattern
	mix  Mix
	size int64

	mu   sync.Mutex
	rand *rand.Rand
	zipf *rand.Zipf
	at   int64 // of sequential and strided: where the next range begins; of a trace: which is next
	turn int64 // of strided: where this pass over the file began
}

func newWalk(p Pattern, mix Mix, size int64, seed uint64) *walk {
	w := &walk{p: p, mix: mix, size: size, rand: rand.New(rand.NewPCG(seed, uint64(size)))}
	if p.Kind == Zipf {
		w.zipf = rand.NewZipf(w.rand, p.Skew, 1, uint64(w.blocks()-1))
	}
	return w
}

// next puts the ranges of the next request into a slice of the caller's.
func (w *walk) next(into []segment.Range) []segment.Range {
	w.mu.Lock()
	defer w.mu.Unlock()
	into = into[:0]
	if w.p.Kind == Replay {
		r := w.p.Trace[w.at]
		w.at = (w.at + 1) % int64(len(w.p.Trace))
		return append(into, r)
	}
	n := min(w.mix.draw(w.rand), w.size)
	switch w.p.Kind {
	case Sequential:
		r := segment.Range{Off: w.at, End: min(w.at+n, w.size)}
		w.at = r.End % w.size
		return append(into, r)
	case Strided:
		return append(into, w.stride(n))
	case Zipf:
		off := w.hot() * w.mix.largest()
		return append(into, segment.Range{Off: off, End: min(off+n, w.size)})
	case Suffix:
		return append(into, segment.Range{Off: w.size - n, End: w.size})
	case Multi:
		return w.several(into)
	}
	off := w.rand.Int64N(w.size - n + 1)
	return append(into, segment.Range{Off: off, End: off + n})
}

// stride begins a new pass at the end of the file, a range further on than the
// last, so that in time everything is asked for.
func (w *walk) stride(n int64) segment.Range {
	r := segment.Range{Off: w.at, End: min(w.at+n, w.size)}
	if w.at += w.p.Stride; w.at >= w.size || w.at < 0 {
		w.turn += n
		if w.turn >= min(w.p.Stride, w.size) {
			w.turn = 0
		}
		w.at = w.turn
	}
	return r
}

// several are ranges in as many equal pieces of the file, so that none touches
// another and no server has reason to make one of two.
func (w *walk) several(into []segment.Range) []segment.Range {
	piece := w.size / int64(w.p.Parts)
	for i := range int64(w.p.Parts) {
		n := w.mix.draw(w.rand)
		off := i*piece + w.rand.Int64N(piece-2*n+1)
		into = append(into, segment.Range{Off: off, End: off + n})
	}
	return into
}

func (w *walk) blocks() int64 { return max(1, (w.size+w.mix.largest()-1)/w.mix.largest()) }

// hot is a block: the more often the lower its rank. Ranks are spread over the
// file, or its beginning would be all that is hot.
func (w *walk) hot() int64 {
	const odd = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	rank, n := w.zipf.Uint64(), uint64(w.blocks())
	return int64(rank * odd % n)
}
