package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// parseSize reads a number of bytes: 1048576, 512K, 1GiB. Units are powers of
// 1024.
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "KMGTiB")
	power, ok := map[string]int{"": 0, "K": 1, "M": 2, "G": 3, "T": 4}[strings.TrimSuffix(s[len(digits):], "iB")]
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n <= 0 || n > math.MaxInt64>>(10*power) {
		return 0, fmt.Errorf("%q is no size: want a number, perhaps with K, M, G or T", s)
	}
	return n << (10 * power), nil
}
