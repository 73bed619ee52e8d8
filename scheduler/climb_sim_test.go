package scheduler

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// A road is what lies between a simulated host and a Pacer: rates are MB/s.
type road struct {
	each   float64                               // what one request earns at most
	all    func(at time.Duration, n int) float64 // what n together may earn
	rtt    time.Duration                         // two until the first byte, then slow start
	noise  float64                               // of a tick
	jitter float64                               // of each request's share in a tick, at most
	strict int                                   // more requests than that for three seconds are throttled, for 10 s
}

func constant(total float64) func(time.Duration, int) float64 {
	return func(time.Duration, int) float64 { return total }
}

// A ride is how a simulated download went, tick by tick.
type ride struct {
	got    []float64 // MB
	counts []int
}

func (r ride) mean(d time.Duration) float64 {
	sum := 0.0
	for _, mb := range r.got[:int(d/tick)] {
		sum += mb
	}
	return sum / d.Seconds()
}

func (r ride) count() float64 {
	sum := 0
	for _, n := range r.counts {
		sum += n
	}
	return float64(sum) / float64(len(r.counts))
}

// took is how long the first mb megabytes took.
func (r ride) took(mb float64) time.Duration {
	for i, got := range r.got {
		if mb <= got {
			return time.Duration((float64(i) + mb/got) * float64(tick))
		}
		mb -= got
	}
	return math.MaxInt64
}

// simulate lets p decide for so long.
func simulate(p Pacer, r road, d time.Duration, seed uint64, say func(string)) ride {
	const dt = 10 * time.Millisecond
	chance := rand.New(rand.NewPCG(seed, 7))
	var out ride
	var opened []time.Duration
	var over, penalty time.Duration
	luck := make([]float64, 64)
	n := p.Pace(Sample{})
	for at := time.Duration(0); at < d; at += tick {
		for i := range luck {
			luck[i] = 1 + r.jitter*(2*chance.Float64()-1)
		}
		sum, answered := 0.0, 0
		for now := at; now < at+tick; now += dt {
			for len(opened) < n {
				opened = append(opened, now)
			}
			opened = opened[:n]
			answered = 0
			rate := 0.0
			for i, began := range opened {
				age := now - began - 2*r.rtt
				if age < 0 {
					continue
				}
				answered++
				slow := 0.0146 / r.rtt.Seconds() * math.Exp2(age.Seconds()/r.rtt.Seconds())
				rate += min(r.each*luck[i], slow)
			}
			rate = min(rate, r.all(now, n))
			if r.strict > 0 && n > r.strict {
				if over += dt; over > 3*time.Second {
					penalty = now + 10*time.Second
				}
			} else {
				over = 0
			}
			if now < penalty {
				rate *= 0.01
			}
			sum += rate * dt.Seconds()
		}
		sum *= 1 + r.noise*chance.NormFloat64()
		out.got = append(out.got, sum)
		out.counts = append(out.counts, n)
		n = p.Pace(Sample{Elapsed: tick, Rate: sum / tick.Seconds() * 1e6, Active: answered})
		if c, ok := p.(*Climb); ok && say != nil {
			say(fmt.Sprintf("%6v %6.1f MB/s  %d %s", at+tick, sum/tick.Seconds(), answered, c.Why()))
		}
	}
	return out
}

func TestX(t *testing.T) {
	type row struct {
		name string
		road road
	}
	ms := time.Millisecond
	rows := []row{
		{"A", road{each: 10, all: constant(100), rtt: 50 * ms, noise: 0.05}},
		{"B", road{each: 50, all: constant(50), rtt: 50 * ms, noise: 0.05}},
		{"C", road{each: 10, all: constant(1000), rtt: 50 * ms, noise: 0.05}},
		{"D", road{each: 10, all: func(_ time.Duration, n int) float64 { return 80 * (1 - 0.03*float64(max(0, n-8))) }, rtt: 50 * ms, noise: 0.05}},
		{"E", road{each: 10, all: constant(1000), rtt: 50 * ms, noise: 0.05, strict: 12}},
		{"F", road{each: 10, all: func(at time.Duration, _ int) float64 {
			if at < 30*time.Second {
				return 40
			}
			return 200
		}, rtt: 50 * ms, noise: 0.05}},
		{"G", road{each: 0.95, all: constant(25), rtt: 80 * ms, noise: 0.01, jitter: 0.4}},
		{"H", road{each: 25, all: constant(25), rtt: 80 * ms, noise: 0.02}},
		{"K", road{each: 25, all: constant(25), rtt: 200 * ms, noise: 0.05}},
	}
	for _, row := range rows {
		for _, most := range []int{16, 32, 64} {
			best, best10, bestT, bn := 0.0, 0.0, time.Duration(math.MaxInt64), 0
			for n := 1; n <= most; n++ {
				r := simulate(Fixed(n), row.road, time.Minute, 1, nil)
				if m := r.mean(time.Minute); m > best {
					best, bn = m, n
				}
				best10 = max(best10, r.mean(10*time.Second))
				bestT = min(bestT, r.took(67.1))
			}
			m, m10, cnt, worst := 0.0, 0.0, 0.0, 1.0
			tk, tkw := time.Duration(0), time.Duration(0)
			for seed := range uint64(20) {
				r := simulate(&Climb{Max: most, Start: 4}, row.road, time.Minute, seed, nil)
				m += r.mean(time.Minute) / 20
				worst = min(worst, r.mean(time.Minute)/best)
				m10 += r.mean(10*time.Second) / 20
				cnt += r.count() / 20
				tk += r.took(67.1) / 20
				tkw = max(tkw, r.took(67.1))
			}
			t.Logf("%s cap %d: %.2f (n %.1f; worst %.2f) first 10 s %.2f; 64 MiB %.2f s (worst %.2f, best fixed %.2f) best n %d", row.name, most, m/best, cnt, worst, m10/best10, tk.Seconds(), tkw.Seconds(), bestT.Seconds(), bn)
		}
	}
	for _, i := range []int{0, 1, 4, 5, 6, 7} {
		t.Log(rows[i].name)
		k := 0
		most := 32
		if rows[i].name == "G" {
			most = 64
		}
		simulate(&Climb{Max: most, Start: 4}, rows[i].road, 40*time.Second, 3, func(s string) {
			if k++; k < 45 || rows[i].name == "B" {
				t.Log(s)
			}
		})
	}
}
