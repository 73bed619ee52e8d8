package main

import "slices"

// An expectation is how a download may end that meets with a fault.
type expectation struct {
	always    ends // the fault befalls every request
	sometimes ends // some of them
	resumed   ends // every one of a run that goes on with what a run without faults has left
}

// ends are exit codes. If they are certain to begin with 0, everything else is
// giving up too early; the codes behind it are how that may be done.
type ends struct {
	codes   []int
	certain bool
}

// right says that nothing but the right file will do.
func right(orElse ...int) expectation {
	e := ends{append([]int{0}, orElse...), true}
	return expectation{e, e, e}
}

// fatal says that no file can come of it, unless the fault strikes only now and
// then.
func fatal(codes ...int) expectation {
	return expectation{always: ends{codes: codes}, resumed: ends{codes: codes}}.mixed(append([]int{0}, codes...)...)
}

// either says that chance decides.
func either(codes ...int) expectation {
	e := ends{codes: append([]int{0}, codes...)}
	return expectation{e, e, e}
}

// going overrules what is expected of a run that goes on.
func (e expectation) going(codes ...int) expectation {
	e.resumed = ends{codes: codes}
	return e
}

// mixed overrules what is expected if some requests meet with the fault.
func (e expectation) mixed(codes ...int) expectation {
	e.sometimes = ends{codes: codes}
	return e
}

// expected says how a download may end under the fault of that name. A fault
// that is not known here may end in any way but with a wrong file.
func expected(fault string) expectation {
	if e, ok := expectations()[fault]; ok {
		return e
	}
	return either(1, 3, 4, 5, 6, 7, 8, 9, 10)
}

// barred says why a fault is not played, or "".
func barred(fault string) string {
	if fault == "redirect-private" {
		return "it leads to an address outside this machine, which a first URL on this machine allows"
	}
	return ""
}

// encrypted says whether a fault needs TLS.
func encrypted(faults []string) bool {
	return slices.Contains(faults, "tls-cut") || slices.Contains(faults, "redirect-downgrade")
}

// deceives says whether a fault can bring about a file that is not the pattern,
// and yet is what the origin has: another version of it, whole, or one that is
// stored as it was sent. A checksum tells.
func deceives(fault string) bool {
	return slices.Contains([]string{"other-bytes", "cache-mixes", "total-changes", "etag-changes", "modified-changes", "if-range-lies", "stale-206", "gzip"}, fault)
}

// expectations follow the table of cases that the promise is made of. A fault
// that the origin plays to every other try is to be recovered from.
func expectations() map[string]expectation {
	return map[string]expectation{
		"redirect-loop":         fatal(7),
		"redirect-chain":        either(7),
		"redirect-downgrade":    fatal(5),
		"redirect-cross-origin": right(7),
		"redirect-file":         fatal(7),

		"captive-portal":      fatal(7).mixed(0, 7, 10).going(7, 10),
		"html-instead":        fatal(7).mixed(0, 7, 10).going(7, 10),
		"metalink-instead":    fatal(7).mixed(0, 7, 10).going(7, 10),
		"503-crowd":           right(8),
		"403-crowd":           right(6),
		"429-retry-after":     right(8),
		"503-retry-after":     right(8),
		"retry-after-garbage": right(8),
		"5xx-burst":           right(8),
		"signed-expires":      right(6, 8),
		"one-shot":            either(8),
		"401-midway":          right(6),
		"407-midway":          right(6),
		"304-unasked":         right(7),
		"412-unasked":         right(7),
		"403-large":           right(6),
		"403-ranged":          right(6),
		"404-ranged":          right(8),
		"503-ranged":          right(8),
		"416-resume":          right(7),
		"416-other-total":     either(10),
		"416-bare":            right(7),
		"416-empty":           right(7),
		"404-past-end":        right(8),
		"500-past-end":        right(8),
		"head-refused":        right(),
		"head-lies":           right(),
		"head-hangs":          right(),
		"listing-lies":        right(),

		"ignore-range":          right(7),
		"no-ranges":             right(7),
		"forget-ranges":         right(7),
		"wrong-start":           right(7),
		"early-start":           right(),
		"short-part":            right(),
		"long-part":             right(),
		"length-disagrees":      right(7),
		"no-content-range":      right(7),
		"garbage-content-range": right(7),
		"star-total":            right(7),
		"multipart":             right(7),

		"total-changes":      fatal(10),
		"etag-changes":       fatal(10),
		"modified-changes":   fatal(10),
		"other-bytes":        fatal(10),
		"etag-per-edge":      right(10).going(0, 10),
		"etag-random":        right(10).going(0, 10),
		"etag-weak":          right(),
		"no-validators":      right().mixed(0, 10), // a version that is told only now and then
		"fresh-modified":     right(10).mixed(0, 10).going(0, 10),
		"if-range-200":       right(7),
		"if-range-lies":      either(10),
		"cache-truncates":    right(4),
		"cache-mixes":        either(10),
		"stale-206":          right(10),
		"disposition-varies": right(),
		"clock-skew":         right(10),

		"gzip":                either(7, 10),
		"chunked":             right(),
		"length-and-chunked":  right(7),
		"close-delimited":     right(),
		"close-delimited-cut": right(4),
		"endless":             right(7),

		"1xx-flood":      fatal(7),
		"huge-headers":   fatal(7),
		"huge-trailers":  either(7),
		"http09":         fatal(7),
		"garbage-status": fatal(7),
		"stall-header":   right(9),
		"stall":          right(9),
		"trickle":        right(9),
		"fin-midway":     right(4),
		"rst-midway":     right(4),
		"tls-cut":        right(4),
		"idle-close":     right(4),
	}
}
