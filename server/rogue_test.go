package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Where the connection cannot be had, a fault that needs it ends the response, and others do not mind.
func TestFaultsWithoutConnection(t *testing.T) {
	for name, want := range map[string]bool{"http09": true, "wrong-start": false} {
		h, err := New(rogue(name))
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		func() {
			defer func() {
				if fault := recover(); (fault == http.ErrAbortHandler) != want || !want && w.Body.Len() != 5 {
					t.Errorf("%s: %v, %d bytes", name, fault, w.Body.Len())
				}
			}()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/pattern/5", nil))
		}()
	}
}

// The draws are the same in every run and in every order.
func TestDrawIsRepeatable(t *testing.T) {
	draw := func(o Rogue, order []int) string {
		o.Faults = []string{"no-validators", "chunked"}
		o.Probability = 0.3
		h, err := New(Options{Pattern: true, Rogue: o})
		if err != nil {
			t.Fatal(err)
		}
		got := make([]string, len(order))
		for _, i := range order {
			for range 3 { // the third time is another draw than the first
				r := httptest.NewRequest("GET", "/pattern/300000", nil)
				r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", i*1000, i*1000+9))
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				got[i] += fmt.Sprint(w.Header().Get("Last-Modified") == "", w.Header().Get("Content-Length") == "", " ")
			}
		}
		return strings.Join(got, "\n")
	}
	forth, back := make([]int, 300), make([]int, 300)
	for i := range forth {
		forth[i], back[i] = i, len(back)-1-i
	}
	first := draw(Rogue{}, forth)
	if first != draw(Rogue{}, back) {
		t.Error("the order of the requests makes a difference")
	}
	if first == draw(Rogue{Seed: 1}, forth) {
		t.Error("the seed makes no difference")
	}
	if n := strings.Count(first, "true"); n < 1800*2/10 || n > 1800*4/10 {
		t.Errorf("of 1800 draws %d were played", n)
	}
}

func TestFaultQuery(t *testing.T) {
	asked := make(chan Access, 10)
	addr := start(t, Options{Pattern: true, Log: func(a Access) { asked <- a }, Rogue: Rogue{Faults: []string{"etag-weak"}, Query: true}})
	for _, tt := range []struct {
		query  string
		status int
		faults string
	}{
		{"", 206, "etag-weak"},
		{"?fault=", 206, ""},
		{"?fault=chunked,no-validators", 206, "no-validators,chunked"},
		{"?fault=chunked&fault=no-validators&p=1&fault-seed=7", 206, "no-validators,chunked"},
		{"?fault=chunked&p=0.000001", 206, ""},
		{"?fault=redirect-chain", 302, "redirect-chain"},
		{"?fault=nope", 400, ""},
		{"?fault=chunked&p=0", 400, ""},
		{"?fault=chunked&p=x", 400, ""},
		{"?fault=chunked&fault-seed=-1", 400, ""},
	} {
		resp, body := dial(t, addr).get("GET /pattern/5000"+tt.query, "Range: bytes=0-")
		if a := <-asked; resp.StatusCode != tt.status || a.Faults != tt.faults || a.Status != tt.status {
			t.Errorf("%s: %s, %+v: %.80q", tt.query, resp.Status, a, body)
		}
	}
	addr = start(t, rogue("etag-weak"))
	if resp, _ := dial(t, addr).get("GET /pattern/5000?fault=redirect-chain"); resp.StatusCode != 200 {
		t.Errorf("a request that may not choose: %s", resp.Status)
	}
	if resp, _ := dial(t, addr).get("OPTIONS /pattern/5000"); resp.StatusCode != 204 {
		t.Errorf("OPTIONS: %s", resp.Status)
	}
}

func TestRogueRefuses(t *testing.T) {
	for _, r := range []Rogue{
		{Faults: []string{"nope"}}, {Faults: []string{"chunked"}, Probability: -1}, {Faults: []string{"chunked"}, Probability: 1.1}, {Faults: []string{""}},
	} {
		if _, err := New(Options{Pattern: true, Rogue: r}); err == nil {
			t.Errorf("New has nothing to object to %+v", r)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory()
	now := time.Now()
	for i := range 3 * maxGates {
		if m.pass(fmt.Sprint(i), 1, now, now) {
			t.Fatal("a gate is open at first")
		}
	}
	for i := range 2*maxCounts + 1 {
		m.count(fmt.Sprint(i))
	}
	if len(m.gates) > maxGates || len(m.counts) > maxCounts {
		t.Errorf("%d gates and %d counts are kept", len(m.gates), len(m.counts))
	}
	first := m.issue()
	for range maxTickets {
		m.issue()
	}
	if m.use(first, 1) || m.use(m.issued+1, 1) || !m.use(m.issued, 1) || m.use(m.issued, 1) {
		t.Error("tickets are not as good as they should be")
	}
}
