package cli

import (
	"fmt"
	"strconv"
	"strings"

	"braid/server"
)

// addFaults adds the faults of a list to those that were asked for already.
func (o *serveOptions) addFaults(list string) error {
	names := strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' })
	if len(names) == 0 {
		return wanted("names of faults")
	}
	o.Rogue.Faults = append(o.Rogue.Faults, names...)
	return nil
}

// knownFaults checks names of faults. A wrong one is most likely a right one mistyped.
func knownFaults(names []string) error {
	var known []string
	for _, f := range server.Faults() {
		known = append(known, f.Name)
	}
	for _, name := range names {
		if near := nearest(name, known); near == "" {
			return try("braid serve --faults", "there is no fault %q", name)
		} else if near != name {
			return try("--fault "+near, "there is no fault %q", name)
		}
	}
	return nil
}

func parseProbability(s string) (float64, error) {
	p, err := strconv.ParseFloat(s, 64)
	if err != nil || !(p > 0 && p <= 1) {
		return 0, wanted("a probability above 0 and up to 1, such as 0.1")
	}
	return p, nil
}

func parseSeed(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, wanted("a number from 0 to 18446744073709551615")
	}
	return n, nil
}

// listFaults writes the name of every fault and what it does, kind by kind.
func listFaults(e *env) error {
	p := page{width: width(e.out)}
	p.text("Ways in which braid serve can misbehave with --fault, in the order in which they act. " +
		"A refusal, a silence or a slowness that says nothing of how long it lasts is passing: every other request for the same first byte is let through. " +
		"Faults marked * show in nothing but the bytes: only a checksum finds them.")
	var rows []row
	all := server.Faults()
	for i, f := range all {
		left, right := f.Name, f.Says
		if f.Silent {
			left += " *"
		}
		rows = append(rows, row{left, right})
		if i+1 == len(all) || all[i+1].Kind != f.Kind {
			p.table(f.Kind, 3, rows)
			rows = nil
		}
	}
	_, err := e.out.Write([]byte(p.String()))
	return err
}

// misbehaviour says which faults are on, so that nobody looks for them
// elsewhere; "" if none is.
func misbehaviour(r server.Rogue) string {
	var parts []string
	if len(r.Faults) > 0 {
		line := "misbehaving on purpose: " + strings.Join(r.Faults, ", ")
		if r.Probability > 0 && r.Probability < 1 {
			line += fmt.Sprintf(", each with probability %v and seed %d", r.Probability, r.Seed)
		}
		parts = append(parts, line)
	}
	if r.Query {
		parts = append(parts, "requests may ask for faults with ?fault=NAME")
	}
	return strings.Join(parts, "; ")
}
