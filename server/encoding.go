package server

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// A coding is a content coding (RFC 9110, section 8.4.1) in which a file may be stored beside itself.
type coding struct {
	name   string
	suffix string // of the name of the stored file
}

// codings are those that are known, the ones that make files smallest first.
var codings = []coding{{"zstd", ".zst"}, {"br", ".br"}, {"gzip", ".gz"}}

// acceptable gives the codings that an Accept-Encoding field prefers to the plain content, the most wanted first, and of
// those that are wanted alike the one that comes first in codings (RFC 9110, section 12.5.3). A coding that is not named,
// but let in by "*", must be wanted more than the plain content, which everybody understands. The plain content itself is
// acceptable in the end even if it is forbidden: we rather send what there is than 406.
func acceptable(field string) []coding {
	said := make(map[string]int) // the weight of all that is named
	for member := range strings.SplitSeq(field, ",") {
		name, q := weighted(member)
		if before, again := said[name]; !again || q < before { // of what is said twice the less
			said[name] = q
		}
	}
	plain, named := said["identity"]
	if !named {
		plain = said["*"]
	}
	var wanted []coding
	weights := make(map[coding]int)
	for _, c := range codings {
		q, named := said[c.name]
		if !named {
			q = said["*"]
		}
		if q > plain || named && q > 0 && q == plain {
			wanted = append(wanted, c)
			weights[c] = q
		}
	}
	slices.SortStableFunc(wanted, func(a, b coding) int { return cmp.Compare(weights[b], weights[a]) })
	return wanted
}

// weighted reads a member of a list such as "gzip;q=0.5": what it names, and its weight in thousandths (RFC 9110, section
// 12.4.2). A weight that is none makes what it is about unwanted.
func weighted(member string) (name string, q int) {
	name, parameter, weight := strings.Cut(strings.ToLower(member), ";")
	name = strings.Trim(name, " \t")
	if name == "x-gzip" { // section 8.4.1.3
		name = "gzip"
	}
	if !weight {
		return name, 1000
	}
	value, ok := strings.CutPrefix(strings.Trim(parameter, " \t"), "q=")
	whole, digits, _ := strings.Cut(value, ".")
	if !ok || whole != "0" && whole != "1" || len(digits) > 3 || strings.Trim(digits, "0123456789") != "" {
		return name, 0
	}
	q, _ = strconv.Atoi(whole + (digits + "000")[:3])
	if q > 1000 {
		return name, 0
	}
	return name, q
}
