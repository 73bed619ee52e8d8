package server

import (
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Shares are what clients get of a rate that is for each client and file: all responses to one client with content of
// one file divide it about evenly, however many connections or streams they come over.
type shares struct {
	rate int64 // bytes a second

	mu    sync.Mutex
	flows map[flowKey]*flow // those that somebody is in
}

// A flowKey says whose flow it is, and of what. A file is known by its tag, because it may have several names.
type flowKey struct {
	client netip.Addr
	tag    string
}

// A flow is the content of one file on its way to one client. The lock of the shares guards it.
type flow struct {
	key    flowKey
	bucket bucket
	users  int
}

const leastSlice = 1 << 10 // bytes; less is more work than it is worth

func newShares(rate int64) *shares { return &shares{rate: rate, flows: make(map[flowKey]*flow)} }

// join makes one more response a user of a flow. What joins must leave.
func (s *shares) join(key flowKey, now time.Time) *flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.flows[key]
	if f == nil {
		f = &flow{key: key, bucket: bucket{rate: s.rate, free: now}}
		s.flows[key] = f
	}
	f.users++
	return f
}

func (s *shares) leave(f *flow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.users--; f.users == 0 {
		delete(s.flows, f.key)
	}
}

// take gives a user its next slice, of at most n bytes, and says how long to wait before it is sent. The users take turns,
// so that in a tick each has one.
func (s *shares) take(f *flow, now time.Time, n int64) (slice int64, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slice = int64(float64(s.rate)*tick.Seconds()) / int64(f.users)
	slice = min(n, max(min(slice, maxSlice), leastSlice))
	return slice, f.bucket.take(now, int(slice))
}

// portioned lets h send the content of files no faster than the rate for each client and file.
func portioned(h http.Handler, rate int64) http.Handler {
	s := newShares(rate)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := &measured{ResponseWriter: w, shares: s, r: r}
		defer m.leave()
		h.ServeHTTP(m, r)
	})
}

// A measured response is one that has a flow if it has the content of a file. ReadFrom keeps the way to sendfile open, and
// Unwrap the way to all else.
type measured struct {
	http.ResponseWriter
	shares   *shares
	r        *http.Request
	flow     *flow     // nil: a page of ours, or no header yet
	deadline time.Time // for writes
}

func (m *measured) WriteHeader(status int) {
	tag := map[string][]string(m.Header())["ETag"] // in the spelling of describe
	if m.flow == nil && len(tag) == 1 && (status == http.StatusOK || status == http.StatusPartialContent) {
		m.flow = m.shares.join(flowKey{clientFrom(m.r.RemoteAddr), tag[0]}, time.Now())
	}
	m.ResponseWriter.WriteHeader(status)
}

func (m *measured) Write(p []byte) (n int, err error) {
	for m.flow != nil && len(p) > 0 {
		k, err := m.wait(int64(len(p)))
		if err != nil {
			return n, err
		}
		sent, err := m.ResponseWriter.Write(p[:k])
		n += sent
		if err != nil {
			return n, err
		}
		p = p[k:]
	}
	if len(p) > 0 {
		return m.ResponseWriter.Write(p)
	}
	return n, nil
}

// ReadFrom sends what it reads, slice by slice, each under one io.LimitedReader.
func (m *measured) ReadFrom(src io.Reader) (n int64, err error) {
	if m.flow == nil {
		return io.Copy(m.ResponseWriter, src)
	}
	limited, ok := src.(*io.LimitedReader)
	if !ok {
		limited = &io.LimitedReader{R: src, N: 1<<63 - 1}
	}
	for limited.N > 0 {
		k, err := m.wait(limited.N)
		if err != nil {
			return n, err
		}
		sent, err := io.CopyN(m.ResponseWriter, limited.R, k)
		n += sent
		limited.N -= sent
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// wait holds a response back until its next slice, and says how large that is. The client has no part in this delay, so
// it does not count toward the deadline.
func (m *measured) wait(most int64) (int64, error) {
	slice, d := m.shares.take(m.flow, time.Now(), most)
	if d == 0 {
		return slice, nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-m.r.Context().Done():
		return 0, m.r.Context().Err()
	}
	if m.deadline.IsZero() {
		return slice, nil
	}
	return slice, m.SetWriteDeadline(m.deadline.Add(d))
}

func (m *measured) SetWriteDeadline(t time.Time) error {
	m.deadline = t
	return http.NewResponseController(m.ResponseWriter).SetWriteDeadline(t)
}

func (m *measured) leave() {
	if m.flow != nil {
		m.shares.leave(m.flow)
	}
}

func (m *measured) Unwrap() http.ResponseWriter { return m.ResponseWriter }
