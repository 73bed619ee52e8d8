package bench

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"braid/segment"
)

// maxTrace is the most ranges of a trace: more would not fit into memory with
// ease.
const maxTrace = 10_000_000

// ReadTrace reads what to ask for: a line for each range, its offset and its
// length in bytes, with space between. Empty lines, and those that begin with #,
// say nothing.
func ReadTrace(r io.Reader) (Pattern, error) {
	p := Pattern{Kind: Replay}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		words := strings.Fields(line)
		if len(words) != 2 {
			return p, fmt.Errorf("line %d is not an offset and a length", n)
		}
		off, err := strconv.ParseInt(words[0], 10, 64)
		if err != nil || off < 0 {
			return p, fmt.Errorf("line %d: %q is no offset", n, words[0])
		}
		length, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil || length <= 0 || length > math.MaxInt64-off {
			return p, fmt.Errorf("line %d: %q is no length", n, words[1])
		}
		if len(p.Trace) == maxTrace {
			return p, fmt.Errorf("it has more than %d ranges", maxTrace)
		}
		p.Trace = append(p.Trace, segment.Range{Off: off, End: off + length})
	}
	if err := lines.Err(); err != nil {
		return p, err
	}
	if len(p.Trace) == 0 {
		return p, fmt.Errorf("it has no range in it: a line is an offset and a length, such as 4096 1024")
	}
	return p, nil
}
