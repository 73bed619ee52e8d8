package bench

import "math"

// An Interval is a mean, and where it lies with a confidence of 95 %: from Low to
// High, by Student's distribution over rounds. Of fewer than two rounds nobody can
// say where, and both are NaN.
type Interval struct{ Mean, Low, High float64 }

func intervalOf(values []float64) Interval {
	n := float64(len(values))
	mean := 0.0
	for _, v := range values {
		mean += v / n
	}
	if len(values) < 2 {
		return Interval{mean, math.NaN(), math.NaN()}
	}
	squares := 0.0
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	half := student(len(values)-1) * math.Sqrt(squares/(n-1)/n)
	return Interval{mean, mean - half, mean + half}
}

// Known says whether there is an interval.
func (i Interval) Known() bool { return !math.IsNaN(i.Low) }

// Apart says whether two intervals have no value in common.
func (i Interval) Apart(o Interval) bool {
	return i.Known() && o.Known() && (i.High < o.Low || o.High < i.Low)
}

// student is the 97.5 % quantile of Student's distribution.
func student(freedom int) float64 {
	table := []float64{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
		2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086}
	if freedom <= len(table) {
		return table[freedom-1]
	}
	return 1.96 + 2.5/float64(freedom) // within 0.5 % of it from there on
}
