package bench

// A Knee is where more connections stop bringing more.
type Knee struct {
	Connections int  `json:"connections"`
	Reached     bool `json:"reached"` // false if the last step still brought more: the knee lies beyond
}

// enough is how much of the best rate the knee has.
const enough = 0.9

// KneeRule says what a knee is.
const KneeRule = "the fewest connections that reach 90 % of the highest rate of the sweep"

// knee is the step with the fewest connections that has at least 90 % of the
// highest rate: what more connections bring is at most a tenth, and otherwise
// waiting. If that is the last step of several there may be a better one beyond.
// There is no knee if fewer than two steps have answers.
func knee(steps []Step) *Knee {
	best, answered := 0.0, 0
	for _, s := range steps {
		best = max(best, s.All.Rate)
		if s.All.Requests > 0 {
			answered++
		}
	}
	if answered < 2 {
		return nil
	}
	for i, s := range steps {
		if s.All.Rate >= enough*best {
			return &Knee{Connections: s.Connections, Reached: i < len(steps)-1}
		}
	}
	return nil
}
