package scheduler

import "context"

// An allowance is how many bytes the limiter has let through for one worker
// that have not come yet. It is paid for before reading: paid for afterwards, as
// much as all workers read at once would come too early. What one answer leaves
// of it, the next one uses.
type allowance int

// sip is how much of a limiter's burst is asked for at once, at least sipLeast
// bytes: a worker's turn comes the sooner the less the others take.
const (
	sip      = 8
	sipLeast = 4 << 10
)

// wait returns how many of the next n bytes may be read, at least one; n is more
// than 0.
func (a *allowance) wait(ctx context.Context, l Limiter, n int) (int, error) {
	if *a == 0 {
		some := min(n, max(l.Burst()/sip, sipLeast), l.Burst())
		if err := l.WaitN(ctx, some); err != nil {
			return 0, err
		}
		*a = allowance(some)
	}
	return min(n, int(*a)), nil
}

// use says that n of these have come.
func (a *allowance) use(n int) { *a -= allowance(n) }
