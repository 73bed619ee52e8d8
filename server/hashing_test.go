package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// However many segments are asked for at the same time, the file is read once.
func TestOneHashingPerFile(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	const size = 2*stint + 5
	oldFile(t, filepath.Join(dir, "f"), patterned(size))
	h, d := telling(t, Options{Root: dir})
	brake := hold(d)
	addr, _ := serving(t, h)
	var segments sync.WaitGroup
	for i := range 32 {
		segments.Go(func() {
			resp, body := dial(t, addr).get("GET /f", fmt.Sprintf("Range: bytes=%d-%d", i*1000, i*1000+999))
			if resp.StatusCode != 206 || len(body) != 1000 {
				t.Errorf("segment %d: %s, %d bytes", i, resp.Status, len(body))
			}
		})
	}
	segments.Wait()
	close(brake.pass)
	for range 4 { // and however many wait
		segments.Go(func() { dial(t, addr).get("GET /f.sha256") })
	}
	segments.Wait()
	dial(t, addr).get("GET /f")
	if n := len(brake.reached); n != 3 {
		t.Errorf("%d stints, want 3", n)
	}
}

// theOnly is the only hashing there is to do; nil for none.
func theOnly(d *digests) *hashing {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, job := range d.jobs {
		return job
	}
	return nil
}

// opening opens a file of the test's.
func opening(path string) func() (*os.File, error) {
	return func() (*os.File, error) { return os.Open(path) }
}

func see(t *testing.T, path string) version {
	t.Helper()
	v, ok := versionOf(must(os.Stat(path)))
	if !ok {
		t.Fatalf("%s has no version", path)
	}
	return v
}

// otherwise changes a file until the system tells another version from the one before, which takes a tick of its clock.
func otherwise(path string, change func() error) error {
	before, _ := versionOf(must(os.Stat(path)))
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); {
		if err := change(); err != nil {
			return err
		}
		if now, _ := versionOf(must(os.Stat(path))); now != before {
			return nil
		}
	}
	return errors.New("the system does not tell that a file has changed")
}

// Changes that a file can suffer at any time. Each leaves other bytes, or could have.
func changes(path string) map[string]func() error {
	write := func(content []byte) error { return os.WriteFile(path, content, 0o644) }
	read := func() []byte { return must(os.ReadFile(path)) }
	return map[string]func() error{
		"rewritten": func() error { p := read(); p[0]++; return write(p) },
		"rewritten, and the time put back": func() error {
			p, then := read(), must(os.Stat(path)).ModTime()
			p[len(p)-1]++
			return errors.Join(write(p), os.Chtimes(path, then, then))
		},
		"replaced": func() error {
			p := read()
			p[len(p)/2]++
			return errors.Join(os.WriteFile(path+".new", p, 0o644), os.Rename(path+".new", path))
		},
		"touched": func() error { now := time.Now(); return os.Chtimes(path, now, now) },
		"grown":   func() error { return write(append(read(), 'x')) },
		"cut":     func() error { return os.Truncate(path, must(os.Stat(path)).Size()-1) },
	}
}

// A digest is never that of another version: rows 88, 106 and 107.
func TestFileChangesWhileHashed(t *testing.T) {
	needInodes(t)
	for name := range changes("") {
		for _, stints := range []int{0, 2} { // after how many it changes
			t.Run(fmt.Sprintf("%s after %d", name, stints), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "f")
				oldFile(t, path, patterned(2*stint+1))
				d := newDigests()
				d.now = longSince
				before := must(os.Stat(path))
				n := 0
				d.step = func() {
					if n == stints {
						if err := otherwise(path, changes(path)[name]); err != nil {
							t.Error(err)
						}
					}
					n++
				}
				job := d.ask(t.Context(), see(t, path), opening(path), false)
				<-job.done
				after := must(os.Stat(path))
				if !errors.Is(job.err, errChanged) {
					t.Errorf("the hashing ends with %v", job.err)
				}
				if n > stints+1 {
					t.Errorf("it goes on for %d stints", n-stints-1)
				}
				for when, fi := range map[string]os.FileInfo{"before": before, "after": after} {
					if sum, ok := d.known(fi); ok {
						t.Errorf("%s is said to be the digest of what there was %s", fmt.Sprintf("%x", sum[:4]), when)
					}
				}
				job = d.ask(t.Context(), see(t, path), opening(path), false)
				<-job.done
				if sum, ok := d.known(after); !ok || sum != sha256.Sum256(must(os.ReadFile(path))) {
					t.Errorf("the next hashing of it: %v, %v", ok, job.err)
				}
				d.close()
			})
		}
	}
}

// The name leads to another file by the time it is hashed, or to none.
func TestFileIsReplacedInTheQueue(t *testing.T) {
	needInodes(t)
	path := filepath.Join(t.TempDir(), "f")
	oldFile(t, path, []byte("one"))
	d := newDigests()
	d.now = longSince
	before := must(os.Stat(path))
	job := d.ask(t.Context(), see(t, path), func() (*os.File, error) {
		if err := changes(path)["replaced"](); err != nil {
			t.Error(err)
		}
		return os.Open(path)
	}, false)
	if <-job.done; !errors.Is(job.err, errChanged) {
		t.Error(job.err)
	}
	for _, fi := range []os.FileInfo{before, must(os.Stat(path))} {
		if _, ok := d.known(fi); ok {
			t.Error("a digest of one file is given for another")
		}
	}
	os.Remove(path)
	job = d.ask(t.Context(), numbered(1), opening(path), false)
	if <-job.done; !errors.Is(job.err, os.ErrNotExist) {
		t.Errorf("gone: %v", job.err)
	}
	d.close()
}

// Whatever happens to two files in whatever order, what is known of them is right.
func TestKnownIsRight(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		paths := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}
		for _, path := range paths {
			if err := os.WriteFile(path, []byte("some bytes of "+path), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		d := newDigests()
		d.now = longSince
		defer d.close()
		var disturb func()
		d.step = func() {
			if disturb != nil {
				disturb()
			}
		}
		names := slices.Sorted(maps.Keys(changes("")))
		aChange := func(when string) func() error {
			path := rapid.SampledFrom(paths).Draw(t, "file "+when)
			change := changes(path)[rapid.SampledFrom(names).Draw(t, "change "+when)]
			return func() error {
				if must(os.Stat(path)).Size() < 2 {
					return nil // nothing is left to be cut
				}
				return otherwise(path, change)
			}
		}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				if err := aChange("before")(); err != nil {
					t.Fatal(err)
				}
			case 1:
				change := aChange("meanwhile")
				disturb = func() {
					if err := change(); err != nil {
						t.Error(err)
					}
				}
				fallthrough
			case 2:
				path := rapid.SampledFrom(paths).Draw(t, "hashed")
				v, _ := versionOf(must(os.Stat(path)))
				<-d.ask(context.Background(), v, opening(path), rapid.Bool().Draw(t, "wait")).done
				disturb = nil
			}
			for _, path := range paths {
				sum, ok := d.known(must(os.Stat(path)))
				if content := must(os.ReadFile(path)); ok && sum != sha256.Sum256(content) {
					t.Fatalf("%s holds %q, and that is not what is known", path, content)
				}
			}
		}
	})
}

func TestFreshFileIsNotHashed(t *testing.T) {
	needInodes(t)
	path := filepath.Join(t.TempDir(), "f")
	oldFile(t, path, []byte("one"))
	d := newDigests()
	v := see(t, path)
	d.now = func() time.Time { return time.Unix(0, v.changed).Add(settling - 1) }
	if job := d.ask(t.Context(), v, opening(path), false); job != nil || d.runs != 0 {
		t.Error("it is hashed while it can still change unnoticed")
	}
}

// Who waits comes first, even past a long hashing in the background; and there are never more than two.
func TestWhoWaitsComesFirst(t *testing.T) {
	d := newDigests()
	d.now = longSince
	opened, pass := make(chan int), make(chan struct{})
	ask := func(n int, wait bool) *hashing {
		return d.ask(t.Context(), numbered(n), func() (*os.File, error) { opened <- n; <-pass; return nil, os.ErrNotExist }, wait)
	}
	for n := range 4 {
		ask(n, false)
	}
	if n := <-opened; n != 0 {
		t.Errorf("%d is hashed before 0", n)
	}
	ask(4, true)
	if n := <-opened; n != 4 {
		t.Errorf("%d is hashed before 4, which somebody waits for", n)
	}
	ask(5, true)
	ask(2, true)
	if d.runs != maxRuns {
		t.Errorf("%d are hashed at once", d.runs)
	}
	var order []int
	for range 2 {
		pass <- struct{}{}
		order = append(order, <-opened)
	}
	close(pass)
	order = append(order, <-opened, <-opened)
	if !slices.Equal(order, []int{2, 5, 1, 3}) {
		t.Errorf("then in the order %v", order)
	}
	d.close()
}

func TestQueueIsBounded(t *testing.T) {
	d := newDigests()
	d.now = longSince
	pass := make(chan struct{})
	opened := make(chan struct{}, 2)
	ask := func(n int, wait bool) *hashing {
		return d.ask(t.Context(), numbered(n), func() (*os.File, error) { opened <- struct{}{}; <-pass; return nil, os.ErrNotExist }, wait)
	}
	ask(0, false)
	<-opened
	for n := range maxQueue {
		if ask(1+n, false) == nil {
			t.Fatalf("no room for %d", n)
		}
	}
	last := d.queue[maxQueue-1]
	if ask(maxQueue+1, false) != nil {
		t.Error("the queue has no end")
	}
	if ask(0, false) == nil || ask(7, false) != d.queue[6] {
		t.Error("what is in it already needs no room")
	}
	for n := range maxQueue {
		if ask(2*maxQueue+n, true) == nil {
			t.Fatalf("no room for %d, which somebody waits for", n)
		}
		if n == 0 {
			<-opened // goes to the second run
			if <-last.done; !errors.Is(last.err, errStopped) {
				t.Errorf("what is dropped ends with %v", last.err)
			}
		}
	}
	for n := maxQueue; ; n++ { // until all in it are waited for
		if ask(2*maxQueue+n, true) == nil {
			break
		}
		if n > maxQueue+2 {
			t.Fatal("there is room for too many who wait")
		}
	}
	if len(d.queue) > maxQueue || len(d.jobs) > maxQueue+maxRuns {
		t.Errorf("%d in the queue, %d to do", len(d.queue), len(d.jobs))
	}
	close(d.closed) // so that they are not all opened
	close(pass)
	d.ended.Wait()
	if len(d.queue)+len(d.jobs) != 0 {
		t.Errorf("in the end %d in the queue, %d to do", len(d.queue), len(d.jobs))
	}
}

// The hashing ends with the server, and the server not before it. The bubble ends only if every goroutine has.
func TestHashingEndsWithServer(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), patterned(3*stint))
	oldFile(t, filepath.Join(dir, "g"), patterned(3*stint))
	synctest.Test(t, func(t *testing.T) {
		h, d := telling(t, Options{Root: dir})
		brake := hold(d)
		l := newPipes()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- Serve(ctx, l, h, Options{}) }()
		for _, path := range []string{"/f", "/g"} {
			c := l.dial(t, "HEAD "+path+" HTTP/1.0\r\n\r\n")
			defer c.Close()
			go discard(c)
		}
		<-brake.reached
		synctest.Wait()
		stop()
		synctest.Wait()
		select {
		case err := <-ended:
			t.Errorf("Serve has not waited: %v", err)
		default:
		}
		close(brake.pass)
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if n := len(brake.reached); n != 0 || d.runs != 0 || len(d.jobs) != 0 || len(d.sums) != 0 {
			t.Errorf("%d more stints, %d at work, %d to do, %d known", n, d.runs, len(d.jobs), len(d.sums))
		}
	})
}

func discard(c interface{ Read([]byte) (int, error) }) {
	for p := make([]byte, 1<<10); ; {
		if _, err := c.Read(p); err != nil {
			return
		}
	}
}

// A listener that breaks ends the hashing as well.
func TestHashingEndsWithListener(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), patterned(3*stint))
	synctest.Test(t, func(t *testing.T) {
		h, d := telling(t, Options{Root: dir})
		brake := hold(d)
		l := newPipes()
		ended := make(chan error, 1)
		go func() { ended <- Serve(t.Context(), l, h, Options{}) }()
		c := l.dial(t, "HEAD /f HTTP/1.0\r\n\r\n")
		defer c.Close()
		go discard(c)
		<-brake.reached
		l.Close()
		synctest.Wait()
		close(brake.pass)
		if err := <-ended; err == nil {
			t.Error("Serve does not say that its listener is broken")
		}
		if n := len(brake.reached); n != 0 || d.runs != 0 || len(d.sums) != 0 {
			t.Errorf("%d more stints, %d at work, %d known", n, d.runs, len(d.sums))
		}
	})
}

// One handler in two servers: what the first has begun is begun anew for who waits in the second.
func TestHashingMovesToAnotherServer(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), patterned(2*stint))
	h, d := telling(t, Options{Root: dir})
	brake := hold(d)
	first, stop := serving(t, h)
	second, _ := serving(t, h)
	dial(t, first).get("HEAD /f")
	<-brake.reached
	asked := make(chan *http.Response)
	go func() {
		resp, _ := dial(t, second).get("GET /f.sha256")
		asked <- resp
	}()
	for job := theOnly(d); !job.awaited(); { // until it waits
		runtime.Gosched()
	}
	stop()
	close(brake.pass)
	if resp := <-asked; resp.StatusCode != 200 {
		t.Errorf("in the second server: %s", resp.Status)
	}
}

// In the background a hashing rests most of the time; while somebody waits it does not.
func TestHashingRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDigests()
		job := &hashing{}
		for _, waiting := range []int32{0, 1} {
			job.waiting.Store(waiting)
			begun := time.Now()
			if err := d.rest(t.Context(), job, time.Second); err != nil || time.Since(begun) != rests*time.Second*time.Duration(1-waiting) {
				t.Errorf("%d wait: a rest of %v, %v", waiting, time.Since(begun), err)
			}
		}
		job.waiting.Store(0)
		stop, cancel := context.WithCancel(t.Context())
		cancel()
		begun := time.Now()
		if err := d.rest(stop, job, time.Hour); !errors.Is(err, errStopped) || time.Since(begun) != 0 {
			t.Errorf("told to stop: %v after %v", err, time.Since(begun))
		}
	})
}

func BenchmarkHash(b *testing.B) {
	path := filepath.Join(b.TempDir(), "f")
	if err := os.WriteFile(path, bytes.Repeat([]byte(strings.Repeat("x", 1<<20)), 64), 0o644); err != nil {
		b.Fatal(err)
	}
	v, _ := versionOf(must(os.Stat(path)))
	d := newDigests()
	b.SetBytes(v.size)
	for b.Loop() {
		job := &hashing{version: v, open: opening(path)}
		job.waiting.Store(1)
		if err := d.hash(b.Context(), job); err != nil {
			b.Fatal(err)
		}
	}
}
