package bench

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A Mix says how long ranges are: one of several lengths, each as often as its
// share says. The shares make 1.
type Mix []Block

// A Block is one length of a Mix.
type Block struct {
	Size  int64   `json:"size"`  // bytes
	Share float64 `json:"share"` // of the requests
}

// ParseMix reads lengths with or without a share, as in 4K,64K:0.7,1M: those
// without divide what the others leave. If all have one, only their relation
// counts. size reads a number of bytes.
func ParseMix(s string, size func(string) (int64, error)) (Mix, error) {
	var m Mix
	given, without := 0.0, 0
	for word := range strings.SplitSeq(s, ",") {
		length, share, told := strings.Cut(word, ":")
		n, err := size(length)
		if err != nil || n <= 0 {
			return nil, fmt.Errorf("%q is no length of a range: 4K, or 4K,64K:0.7,1M is meant", length)
		}
		b := Block{Size: n}
		if told {
			b.Share, err = strconv.ParseFloat(share, 64)
			if err != nil || !(b.Share > 0 && b.Share <= 1e6) {
				return nil, fmt.Errorf("%q is no share of the requests: a number above 0 is meant, as in 64K:0.7", share)
			}
			given += b.Share
		} else {
			without++
		}
		m = append(m, b)
	}
	if without > 0 && given >= 1 {
		return nil, fmt.Errorf("the shares in %q leave nothing for the lengths without one: let them make less than 1", s)
	}
	for i := range m {
		switch {
		case without == 0:
			m[i].Share /= given
		case m[i].Share == 0:
			m[i].Share = (1 - given) / float64(without)
		}
	}
	return m, nil
}

// String is what ParseMix reads.
func (m Mix) String() string {
	var words []string
	for _, b := range m {
		word := bytesOf(b.Size)
		if len(m) > 1 {
			word += ":" + strconv.FormatFloat(b.Share, 'g', 3, 64)
		}
		words = append(words, word)
	}
	return strings.Join(words, ",")
}

// bytesOf writes a number of bytes in the largest unit that divides it.
func bytesOf(n int64) string {
	unit := ""
	for _, u := range []string{"K", "M", "G", "T"} {
		if n == 0 || n%1024 != 0 {
			break
		}
		n, unit = n/1024, u
	}
	return strconv.FormatInt(n, 10) + unit
}

func (m Mix) draw(r *rand.Rand) int64 {
	if len(m) == 1 {
		return m[0].Size
	}
	x := r.Float64()
	for _, b := range m {
		if x -= b.Share; x < 0 {
			return b.Size
		}
	}
	return m[len(m)-1].Size // what rounding leaves
}

func (m Mix) largest() (n int64) {
	for _, b := range m {
		n = max(n, b.Size)
	}
	return n
}
