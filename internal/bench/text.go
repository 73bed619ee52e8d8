package bench

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// micros writes microseconds with three digits that count.
func micros(us int64) string {
	switch d := time.Duration(us) * time.Microsecond; {
	case us < 1000:
		return fmt.Sprintf("%d µs", us)
	case d < time.Second:
		return digits(float64(us)/1e3) + " ms"
	default:
		return digits(d.Seconds()) + " s"
	}
}

// digits writes a number with three digits that count, or all before its point.
func digits(v float64) string {
	switch {
	case v < 9.995:
		return fmt.Sprintf("%.2f", v)
	case v < 99.95:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// amount writes n bytes in powers of 1024.
func amount(n float64) string {
	if n < 1024 {
		return fmt.Sprintf("%.0f B", n)
	}
	unit := -1
	for ; n >= 1023.95; unit++ {
		n /= 1024
	}
	return fmt.Sprintf("%.1f %ciB", n, "KMGTPE"[unit])
}

// number writes n with a comma before each three digits.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// perSecond writes a rate of requests.
func perSecond(rate float64) string {
	if rate < 100 {
		return digits(rate) + "/s"
	}
	return number(int64(rate+0.5)) + "/s"
}

// several writes n things: "1 round", "5 rounds".
func several(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return number(int64(n)) + " " + what + "s"
}

// seconds writes a duration in seconds.
func seconds(s float64) string {
	if 0 < s && s < 1 {
		return digits(s) + " s"
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", s), ".0") + " s"
}
