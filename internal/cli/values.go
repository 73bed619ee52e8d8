package cli

import (
	"fmt"
	"math"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

var sizeForm = regexp.MustCompile(`^([0-9]+|[0-9]*\.[0-9]+) ?([a-z]*)$`)

// parseSize reads 256M, 1.5GiB, 10MB or 4096. K M G T P and KiB … are powers of
// 1024, kB MB GB … powers of 1000, in either case. The library would take 1M
// for a million, and 1,5M for fifteen.
func parseSize(s string) (int64, error) {
	m := sizeForm.FindStringSubmatch(strings.ToLower(s))
	if m == nil {
		return 0, wanted("a size such as 256M or 1.5GiB")
	}
	number, unit := m[1], m[2]
	if len(unit) == 1 && unit != "b" {
		unit += "ib"
	}
	n, err := humanize.ParseBytes(number + unit)
	if err != nil || n > math.MaxInt64 {
		return 0, wanted("a size such as 256M or 1.5GiB")
	}
	return int64(n), nil
}

// someSize is parseSize without 0.
func someSize(s string) (int64, error) {
	n, err := parseSize(s)
	if err == nil && n == 0 {
		err = wanted("a size above 0, such as 256M or 1.5GiB")
	}
	return n, err
}

var typeForm = regexp.MustCompile(`^[a-z0-9!#$&^_.+-]+/([a-z0-9!#$&^_.+-]+|\*)$`)

// parseType reads a media type, TYPE/* or any.
func parseType(s string) (string, error) {
	s = strings.ToLower(s)
	if s != "any" && !typeForm.MatchString(s) {
		return "", wanted("a media type such as application/zip, image/* or any")
	}
	return s, nil
}

// parseRate reads a size with or without "/s"; 0 means no limit.
func parseRate(s string) (int64, error) {
	number := strings.TrimSuffix(strings.TrimSuffix(s, "/s"), "/S")
	n, err := parseSize(number)
	if err != nil {
		return 0, wanted("a rate such as 500K or 10M/s, or 0 for no limit")
	}
	return n, nil
}

var secondsForm = regexp.MustCompile(`^([0-9]+|[0-9]*\.[0-9]+)$`)

// parseDuration reads 5s, 1m30s or 0.5s; a bare number is seconds.
func parseDuration(s string) (time.Duration, error) {
	if secondsForm.MatchString(s) {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || strings.HasPrefix(s, "-") {
		return 0, wanted("a time such as 5, 0.5s or 2m")
	}
	return d, nil
}

// positive is parseDuration without 0.
func positive(s string) (time.Duration, error) {
	d, err := parseDuration(s)
	if err == nil && d == 0 {
		err = wanted("a time above 0, such as 5, 0.5s or 2m")
	}
	return d, err
}

// number reads a whole number from least to most.
func number(least, most int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return 0, wanted(fmt.Sprintf("a number from %d to %d", least, most))
		}
		return n, nil
	}
}

// autoOr reads auto, as 0, or a number.
func autoOr(least, most int) func(string) (int, error) {
	return func(s string) (int, error) {
		if s == "auto" {
			return 0, nil
		}
		n, err := number(least, most)(s)
		if err != nil {
			return 0, wanted(fmt.Sprintf("auto, or a number from %d to %d", least, most))
		}
		return n, nil
	}
}

// choice reads one of several words.
func choice(words ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		if !slices.Contains(words, s) {
			last := len(words) - 1
			return "", wanted(strings.Join(words[:last], ", ") + " or " + words[last])
		}
		return s, nil
	}
}

// text reads anything but nothing.
func text(what string) func(string) (string, error) {
	return func(s string) (string, error) {
		if s == "" {
			return "", wanted(what)
		}
		return s, nil
	}
}

// parseAddress reads HOST:PORT.
func parseAddress(s string) (string, error) {
	if _, err := strconv.ParseUint(s, 10, 16); err == nil {
		return "", wanted("HOST:PORT, such as 127.0.0.1:" + s + ", or :" + s + " for the whole network")
	}
	_, port, err := net.SplitHostPort(s)
	if _, numErr := strconv.ParseUint(port, 10, 16); err != nil || numErr != nil {
		return "", wanted("HOST:PORT, such as 127.0.0.1:8080")
	}
	return s, nil
}
