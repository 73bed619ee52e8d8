package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

const (
	maxQueue = 1 << 10 // how many files wait to be hashed; more are not, until they are asked for again
	maxRuns  = 2       // how many are hashed at once: one in the background, and one more while somebody waits for it

	// stint is how much is read between two looks at the file and at whether to go on.
	stint = 4 << 20

	// rests is how long a hashing in the background rests after a stint, as a multiple of how long that took.
	rests = 3

	// assumedSpeed is that of a processor without instructions for SHA-256, in bytes/s; until it has been measured.
	assumedSpeed = 200 << 20
)

// errStopped says that a hashing was given up because the server it began in has been told to stop.
var errStopped = errors.New("the server is stopping")

// A hashing finds out what one version of a file hashes to.
type hashing struct {
	version version
	open    func() (*os.File, error)
	waiting atomic.Int32 // for how many requests it is in a hurry
	hashed  atomic.Int64 // bytes

	// From when done is closed.
	done chan struct{}
	sum  [sha256.Size]byte
	err  error
}

func (job *hashing) awaited() bool { return job.waiting.Load() > 0 }

// ask has a version of a file hashed in the background, on behalf of a request, unless it is known or has just been
// changed. However many ask, there is one hashing. Who waits, as opposed to who would like to know, gets it to come
// before others and hurry, and must leave it; nil means that there is none, because there is too much to do.
func (d *digests) ask(request context.Context, v version, open func() (*os.File, error), wait bool) *hashing {
	if v.unsettled(d.now()) > 0 || stopping(request).Err() != nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isClosed() {
		return nil
	}
	job := d.jobs[v]
	if job == nil {
		if s, ok := d.recall(v); ok { // since the caller looked
			job = &hashing{version: v, sum: s, done: make(chan struct{})}
			close(job.done)
			return job
		}
		if len(d.queue) >= maxQueue && !(wait && d.makeRoom()) {
			return nil
		}
		job = &hashing{version: v, open: open, done: make(chan struct{})}
		d.jobs[v] = job
		d.queue = append(d.queue, job)
	}
	if wait {
		job.waiting.Add(1)
	}
	if d.runs == 0 || d.runs < maxRuns && slices.ContainsFunc(d.queue, (*hashing).awaited) {
		d.runs++
		d.ended.Add(1)
		background(request, d.work)
	}
	return job
}

// leave is for who has waited for a hashing and does so no longer.
func (job *hashing) leave() { job.waiting.Add(-1) }

// makeRoom drops the last in the queue that nobody waits for, and says whether there was one.
func (d *digests) makeRoom() bool {
	for i, job := range slices.Backward(d.queue) {
		if !job.awaited() {
			d.queue = slices.Delete(d.queue, i, i+1)
			d.settle(job, errStopped)
			return true
		}
	}
	return false
}

// work hashes what is in the queue until nothing is left, or until the server it works for is told to stop.
func (d *digests) work(stop context.Context) {
	defer d.ended.Done()
	for {
		job := d.next(stop)
		if job == nil {
			return
		}
		err := d.hash(stop, job)
		d.mu.Lock()
		if err == nil {
			d.learn(job.version, job.sum)
		}
		d.settle(job, err)
		d.mu.Unlock()
	}
}

// next takes from the queue what is to be hashed now; nil means that the goroutine which asks is to end.
func (d *digests) next(stop context.Context) *hashing {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.queue, (*hashing).awaited)
	stopped := stop.Err() != nil || d.isClosed()
	if i < 0 && d.runs == 1 && len(d.queue) > 0 {
		i = 0
	}
	if stopped || i < 0 {
		d.runs--
		if d.runs == 0 { // nobody is left to take these; who waits for one of them in another server asks again
			for _, job := range d.queue {
				d.settle(job, errStopped)
			}
			d.queue = nil
		}
		return nil
	}
	job := d.queue[i]
	d.queue = slices.Delete(d.queue, i, i+1)
	return job
}

// settle ends a hashing, for those who hold the lock.
func (d *digests) settle(job *hashing, err error) {
	delete(d.jobs, job.version)
	job.err = err
	close(job.done)
}

// hash reads a file from beginning to end. What it finds counts only if the file, which was seen to be of the version
// before it was opened, still is after the last byte: then it was so all the time. It reads through the page cache, which
// is where the transfers of the file that it is asked for read, too: what one has read the other need not.
func (d *digests) hash(stop context.Context, job *hashing) error {
	f, err := job.open()
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	buf := blocks.Get().(*[block]byte)
	defer blocks.Put(buf)
	for off := int64(0); ; {
		begun := time.Now()
		if d.step != nil {
			d.step()
		}
		n, err := io.CopyBuffer(h, io.NewSectionReader(f, off, stint), buf[:])
		if err != nil {
			return err
		}
		off += n
		if !job.version.is(f) {
			return errChanged
		}
		if off >= job.version.size {
			h.Sum(job.sum[:0])
			return nil
		}
		if n == 0 {
			return errShort
		}
		job.hashed.Store(off)
		took := time.Since(begun)
		d.speed.Store(int64(float64(n) / max(took, time.Microsecond).Seconds()))
		if err := d.rest(stop, job, took); err != nil {
			return err
		}
	}
}

// rest pauses after a stint, so that nobody loses more than a quarter of a processor, or of a disk, to what may never be
// asked for. It does not if somebody waits. It also says whether to go on.
func (d *digests) rest(stop context.Context, job *hashing, took time.Duration) error {
	pause := rests * took
	if job.awaited() {
		pause = 0
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-stop.Done():
	case <-d.closed:
	}
	if stop.Err() != nil || d.isClosed() {
		return errStopped
	}
	return nil
}

// left is how long it will take to hash so many bytes in the background; a guess.
func (d *digests) left(bytes int64) time.Duration {
	speed := d.speed.Load()
	if speed == 0 {
		speed = assumedSpeed
	}
	return time.Duration((1 + rests) * float64(bytes) / float64(speed) * float64(time.Second))
}

// missing is how much of a version is still to be hashed, in bytes.
func (d *digests) missing(v version) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if job := d.jobs[v]; job != nil {
		return v.size - job.hashed.Load()
	} else if _, ok := d.recall(v); ok {
		return 0
	}
	return v.size
}

func (d *digests) isClosed() bool {
	select {
	case <-d.closed:
		return true
	default:
		return false
	}
}

// close ends all hashing, and waits until it has ended.
func (d *digests) close() {
	d.mu.Lock()
	if !d.isClosed() {
		close(d.closed)
	}
	d.mu.Unlock()
	d.ended.Wait()
}
