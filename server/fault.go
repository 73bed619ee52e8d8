package server

// A Fault is one way in which an origin can go wrong on purpose: see [Rogue].
type Fault struct {
	Name   string // what it is asked for by
	Kind   string // redirects, refusals, ranges, identity, bodies or connection
	Says   string // what it does, in one sentence
	Silent bool   // nothing an answer says gives the wrong bytes away: only a checksum does
}

// Faults are all there are, in the order in which they act.
func Faults() []Fault {
	var all []Fault
	for _, f := range faults() {
		all = append(all, Fault{f.name, f.kind, f.says, f.silent})
	}
	return all
}

// A fault is a Fault with what it does. A function returns whether there was anything to spoil; what it spoils comes
// back to it when its turn is over, so that no two faults can tear an answer apart: the later one wins.
type fault struct {
	name, kind, says string

	silent bool
	head   bool                     // it is about HEAD, which the others leave alone
	ask    func(*play) bool         // changes what the origin is asked
	turn   func(*play, *reply) bool // changes what the client is told
}

// faults are the tables of all kinds. An answer is first given up for a redirect or a refusal, then, if it is still that
// of a file, moved and renamed, and at last sent as badly as it goes.
func faults() []fault {
	var all []fault
	for _, kind := range []struct {
		name   string
		faults []fault
	}{
		{"redirects", redirectFaults()},
		{"refusals", refusalFaults()},
		{"ranges", rangeFaults()},
		{"identity", identityFaults()},
		{"bodies", bodyFaults()},
		{"connection", connectionFaults()},
	} {
		for _, f := range kind.faults {
			f.kind = kind.name
			all = append(all, f)
		}
	}
	return all
}
