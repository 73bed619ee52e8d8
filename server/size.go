package server

import (
	"math"
	"strings"
)

// parseSize reads a length: digits, and perhaps a unit right behind them, in capitals or not. K, M, G and T, alone or
// with iB, are powers of 1024; with B alone they are powers of 1000. What an int64 cannot hold becomes the largest.
func parseSize(s string) (n int64, ok bool) {
	digits := strings.TrimRight(s, "bgikmtBGIKMT")
	n, ok = parseDigits(digits)
	if !ok {
		return 0, false
	}
	unit := strings.ToLower(s[len(digits):])
	if unit == "" || unit == "b" {
		return n, true
	}
	power := strings.IndexByte("kmgt", unit[0])
	if power < 0 {
		return 0, false
	}
	base := int64(1024)
	switch unit[1:] {
	case "", "ib":
	case "b":
		base = 1000
	default:
		return 0, false
	}
	for range power + 1 {
		if n > math.MaxInt64/base {
			return math.MaxInt64, true
		}
		n *= base
	}
	return n, true
}
