package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// Mixes that once came to more than their parts.
func TestMixesOfTwo(t *testing.T) {
	s := perform(t, "total-changes", "no-content-range")
	s.get(part)
	s.get(part).is(206).says("Content-Range", "").wrong(1000, 101000)

	s = perform(t, "total-changes", "long-part")
	const last = "Range: bytes=290000-" // behind which there is only junk
	s.get(last)
	s.get(last).is(206).says("Content-Range", "bytes 290000-299998/299999", "Content-Length", "9999").wrong(290000, 9999)

	perform(t, "length-disagrees", "long-part").get(last).is(206).says("Content-Range", "bytes 290000-299999/300000").holds(290000, 295000)
	perform(t, "short-part", "long-part").get(part).is(206).says("Content-Range", "bytes 1000-51499/300000", "Content-Length", "116036")
	perform(t, "wrong-start", "long-part").get("Range: bytes=1000-1999").is(206).says("Content-Range", "bytes 0-999/300000", "Content-Length", "66536")

	// What is compressed to less than where it should break ends there.
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "zeros"), make([]byte, patternSize))
	addr := start(t, Options{Root: dir, Rogue: Rogue{Faults: []string{"gzip", "fin-midway"}}})
	if v := look(dial(t, addr), "GET /zeros").is(200); !errors.Is(v.err, io.ErrUnexpectedEOF) {
		t.Errorf("%d bytes, %v", len(v.body), v.err)
	}
}

// A believer is a careful client. It takes a part for what it says if everything in the answer agrees with what it knows
// of the file, and from then on nothing but the bytes themselves could tell it more.
func believe(raw []byte) (off int64, content []byte, ok bool) {
	r := bufio.NewReader(bytes.NewReader(raw))
	resp, err := http.ReadResponse(r, nil)
	for err == nil && resp.StatusCode < 200 {
		resp, err = http.ReadResponse(r, nil)
	}
	if err != nil || resp.Header.Get("ETag") != tagOf1 || resp.Header.Get("Content-Encoding") != "" {
		return 0, nil, false
	}
	content, _ = io.ReadAll(resp.Body) // a part that ends too early is one
	switch resp.StatusCode {
	case 200:
		if resp.ContentLength >= 0 && resp.ContentLength != patternSize {
			return 0, nil, false
		}
		return 0, content[:min(len(content), patternSize)], true
	case 206:
		var last, total int64
		if n, _ := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &off, &last, &total); n != 3 ||
			total != patternSize || off < 0 || last < off || last >= total ||
			resp.Header.Get("Content-Range") != contentRange(span{off, last + 1}, total) {
			return 0, nil, false
		}
		return off, content[:min(int64(len(content)), last+1-off)], true
	}
	return 0, nil, false
}

// Whatever faults are mixed, no handler panics, none outlives its server, none holds the server up, and nothing wrong
// comes that a careful client would believe, unless a silent fault was played.
func TestMixes(t *testing.T) {
	var names, loud []string
	for _, f := range Faults() {
		names = append(names, f.Name)
		if !f.Silent {
			loud = append(loud, f.Name)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		pool := loud
		silent := rapid.IntRange(0, 9).Draw(r, "silent") == 0
		if silent {
			pool = names
		}
		o := Rogue{
			Faults:      rapid.SliceOfN(rapid.SampledFrom(pool), 1, 7).Draw(r, "faults"),
			Probability: rapid.SampledFrom([]float64{1, 0.7}).Draw(r, "probability"),
			Seed:        rapid.Uint64().Draw(r, "seed"),
		}
		var requests [][]string
		for range rapid.IntRange(1, 8).Draw(r, "requests") {
			off := rapid.Int64Range(0, patternSize).Draw(r, "off")
			n := rapid.Int64Range(1, patternSize).Draw(r, "n")
			requests = append(requests, rapid.SampledFrom([][]string{
				{"GET " + target, fmt.Sprintf("Range: bytes=%d-%d", off, off+n-1)},
				{"GET " + target, fmt.Sprintf("Range: bytes=%d-", off)},
				{"GET " + target, fmt.Sprintf("Range: bytes=%d-", off), "If-Range: " + tagOf1},
				{"GET " + target, "Range: bytes=-5"},
				{"GET " + target, "Range: bytes=0-1,5-9"},
				{"GET " + target},
				{"GET /", "Accept: application/json"},
				{"GET /nope"},
				{"HEAD " + target},
			}).Draw(r, "request"))
		}
		var mu sync.Mutex
		var problem string
		complain := func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			problem = fmt.Sprintf(format, args...)
		}
		synctest.Test(t, func(t *testing.T) { // ends only when every goroutine has
			inner, err := New(Options{Pattern: true, Rogue: o, Log: func(Access) {}})
			if err != nil {
				t.Fatal(err)
			}
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() {
					fault := recover()
					if fault != nil && fault != http.ErrAbortHandler {
						complain("%s: %v", r.URL, fault)
					} else if fault != nil {
						panic(fault)
					}
				}()
				inner.ServeHTTP(w, r)
			})
			l := newPipes()
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- Serve(ctx, l, h, Options{Grace: time.Minute}) }()
			var clients sync.WaitGroup
			for i, request := range requests {
				clients.Go(func() {
					time.Sleep(time.Duration(i%3) * time.Second)
					raw, _ := exchange(t, l, request[0], request[1:]...)
					off, content, ok := believe(raw)
					if ok && !silent && !bytes.Equal(content, bytesAt(off, off+int64(len(content)))) {
						complain("%s: wrong bytes from %d on: %.600q", request, off, raw)
					}
				})
			}
			clients.Wait()
			begun := time.Now()
			cancel()
			if err := <-ended; err != nil || time.Since(begun) > time.Second {
				complain("Serve: %v after %v", err, time.Since(begun))
			}
		})
		if problem != "" {
			r.Fatal(problem)
		}
	})
}
