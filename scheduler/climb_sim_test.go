package scheduler

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// A road is what lies between a simulated host and a Pacer. Rates are MB/s. A
// request brings nothing for two round trips, then ten segments, and twice as
// many each round trip, up to what it can earn.
type road struct {
	each   float64                               // what one request earns at most
	all    func(at time.Duration, n int) float64 // what n earn together at most
	rtt    time.Duration
	noise  float64 // standard deviation of what comes in a tick
	jitter float64 // what a request earns in a tick is off by this part at most
	strict int     // more requests than that for 3 s are throttled until 10 s after; 0 means never
}

func constant(total float64) func(time.Duration, int) float64 {
	return func(time.Duration, int) float64 { return total }
}

// A ride is how a simulated download went, tick by tick.
type ride struct {
	got    []float64 // MB
	counts []int
}

// mean is the rate between two times, in MB/s.
func (r ride) mean(from, to time.Duration) float64 {
	sum := 0.0
	for _, mb := range r.got[from/tick : to/tick] {
		sum += mb
	}
	return sum / (to - from).Seconds()
}

func (r ride) count() float64 {
	sum := 0
	for _, n := range r.counts {
		sum += n
	}
	return float64(sum) / float64(len(r.counts))
}

// took is how long the first 64 MiB took, in seconds.
func (r ride) took() float64 {
	mb := 64 * 1.048576
	for i, got := range r.got {
		if mb <= got {
			return (float64(i) + mb/got) * tick.Seconds()
		}
		mb -= got
	}
	return math.Inf(1)
}

// drive lets p decide for a minute.
func (r road) drive(p Pacer, seed uint64) ride {
	const step = 10 * time.Millisecond
	chance := rand.New(rand.NewPCG(seed, 7))
	var out ride
	var opened []time.Duration
	var over, punished time.Duration
	var luck [64]float64
	n := p.Pace(Sample{})
	for at := time.Duration(0); at < time.Minute; at += tick {
		for i := range luck {
			luck[i] = 1 + r.jitter*(2*chance.Float64()-1)
		}
		sum, answered := 0.0, 0
		for now := at; now < at+tick; now += step {
			for len(opened) < n {
				opened = append(opened, now)
			}
			opened = opened[:n]
			rate := 0.0
			answered = 0
			for i, began := range opened {
				if age := now - began - 2*r.rtt; age >= 0 {
					answered++
					rate += min(r.each*luck[i], 0.0146/r.rtt.Seconds()*math.Exp2(age.Seconds()/r.rtt.Seconds()))
				}
			}
			rate = min(rate, r.all(now, n))
			if over += step; r.strict == 0 || n <= r.strict {
				over = 0
			}
			if over > 3*time.Second {
				punished = now + 10*time.Second
			}
			if now < punished {
				rate /= 100
			}
			sum += rate * step.Seconds()
		}
		sum *= max(0, 1+r.noise*chance.NormFloat64())
		out.got, out.counts = append(out.got, sum), append(out.counts, n)
		n = p.Pace(Sample{Elapsed: tick, Rate: sum / tick.Seconds() * 1e6, Active: answered})
	}
	return out
}

// On every kind of road the climb must come near the best fixed count under the
// same ceiling. That is found by trying them; nobody knows it beforehand.
func TestClimbComesNearTheBestFixedCount(t *testing.T) {
	const ms = time.Millisecond
	none := func(float64) bool { return true }
	least := func(x float64) func(float64) bool { return func(y float64) bool { return y >= x } }
	most := func(x float64) func(float64) bool { return func(y float64) bool { return y <= x } }
	for _, row := range []struct {
		name   string
		road   road
		whole  float64            // least part of the best mean rate of a minute
		first  float64            // and of its first ten seconds
		count  func(float64) bool // of the mean count
		behind float64            // most that 64 MiB may take, in times of the best
	}{
		{"A each 10, link 100", road{each: 10, all: constant(100)}, 0.90, 0.70, none, 3},
		{"B one fills the link", road{each: 50, all: constant(50)}, 0.98, 0.90, most(4.5), 1.2},
		{"C each 10, link 1000", road{each: 10, all: constant(1000)}, 0.88, 0.70, least(15), 3},
		{"D falls beyond 8", road{each: 10, all: func(_ time.Duration, n int) float64 { return 80 * (1 - 0.03*float64(max(0, n-8))) }}, 0.90, 0.70, most(9), 3},
		{"E throttled beyond 12", road{each: 10, all: constant(1000), strict: 12}, 0.40, 0.35, none, 3},
		{"F link 40, then 200", road{each: 10, all: func(at time.Duration, _ int) float64 {
			if at < 30*time.Second {
				return 40
			}
			return 200
		}}, 0.70, 0.80, none, 1.2},
		{"G lossy, each 0.95, link 25", road{each: 0.95, all: constant(25), rtt: 80 * ms, jitter: 0.4}, 0.90, 0.80, least(15), 1.35},
		{"H clean, link 25, 80 ms", road{each: 25, all: constant(25), rtt: 80 * ms, noise: 0.02}, 0.98, 0.95, most(4.5), 1.08},
		{"I clean, link 25, 200 ms", road{each: 25, all: constant(25), rtt: 200 * ms}, 0.98, 0.85, most(4.5), 1.25},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := row.road
			if r.rtt == 0 {
				r.rtt = 50 * ms
			}
			if r.noise == 0 {
				r.noise = 0.05
			}
			fixed := map[int]ride{}
			for _, n := range []int{1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 28, 32, 48, 64} {
				fixed[n] = r.drive(always(n), 1)
			}
			for _, ceiling := range []int{16, 32, 64} {
				whole, first, took := 0.0, 0.0, math.Inf(1)
				for n, f := range fixed {
					if n <= ceiling {
						whole = max(whole, f.mean(0, time.Minute))
						first = max(first, f.mean(0, 10*time.Second))
						took = min(took, f.took())
					}
				}
				for _, start := range []int{4, 8} {
					const seeds = 8
					var sum struct{ whole, first, took, count float64 }
					for seed := range uint64(seeds) {
						c := r.drive(&Climb{Max: ceiling, Start: start}, seed)
						sum.whole += c.mean(0, time.Minute) / seeds
						sum.first += c.mean(0, 10*time.Second) / seeds
						sum.took += c.took() / seeds
						sum.count += c.count() / seeds
						// A short file needs the quick ramp of a lossy road.
						if row.name[0] == 'G' && c.mean(5*time.Second, 6*time.Second) < 0.8*fixed[min(28, ceiling)].mean(5*time.Second, 6*time.Second) {
							t.Errorf("ceiling %d, seed %d: %.1f MB/s after five seconds", ceiling, seed, c.mean(5*time.Second, 6*time.Second))
						}
					}
					t.Logf("ceiling %d start %d: %.2f of the best (n %4.1f), first 10 s %.2f, 64 MiB in %.2f s (best %.2f)",
						ceiling, start, sum.whole/whole, sum.count, sum.first/first, sum.took, took)
					if sum.whole < row.whole*whole || sum.first < row.first*first || !row.count(sum.count) {
						t.Errorf("ceiling %d: too far from the best", ceiling)
					}
					if start == 8 && sum.took > row.behind*took {
						t.Errorf("ceiling %d: 64 MiB take %.2f times as long as at best", ceiling, sum.took/took)
					}
				}
			}
		})
	}
}
