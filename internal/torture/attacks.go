package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// An attack is a way in which clients take more of a server than they should.
type attack struct {
	name  string
	with  []string // arguments of braid serve
	lanes int      // how many attackers there are at once
	// strike makes one attempt, or as much as it can until ctx ends.
	strike func(ctx context.Context, a *assault) error
}

// attacks are played one after the other.
func attacks() []attack {
	return []attack{
		{name: "a Range of 1 MiB", lanes: 4, strike: asking(strings.Repeat("0-0,", 1<<18)+"0-0", 4<<10)},
		{name: "10,000 ranges", lanes: 4, strike: asking(list(10_000, "%d-%[1]d"), 4<<10)},
		{name: "1300 overlapping ranges", lanes: 4, strike: asking("0-"+strings.Repeat(",5-", 1300), 64<<10)},
		{name: "16 ranges of all", lanes: 4, strike: asking(strings.Repeat("0-,", 15)+"0-", 64<<10)},
		{name: "slow readers", lanes: 200, strike: slowReader},
		{name: "slow headers", lanes: 500, strike: trickling("GET /f5.bin HTTP/1.1\r\nHost: x\r\nX-Filler: ")},
		{name: "slow bodies", lanes: 500, strike: trickling("GET /f0.bin HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")},
		{name: "pipelines", lanes: 16, strike: pipeline},
		{name: "comers and goers", lanes: 4, strike: comeAndGo},
		{name: "idle connections", lanes: idleLanes, with: []string{"--max-connections", "16000"}, strike: idle},
		{name: "a crowd at the door", lanes: 4, with: []string{"--max-connections", "64"}, strike: crowd},
	}
}

// An assault is one attack on one server.
type assault struct {
	addr  string
	tries atomic.Int64
	taken atomic.Int64 // bytes
	open  atomic.Int64 // connections that idle, for idle
}

// attacksRound plays one attack: a client that behaves is timed before it and during it.
func attacksRound(ctx context.Context, r *round) error {
	all := attacks()
	at := all[r.n%len(all)]
	site, err := newSite(filepath.Join(r.dir, "site"))
	if err != nil {
		return err
	}
	s, err := r.serveSite(ctx, site, "attacked", at.with...)
	if err != nil {
		return err
	}
	defer s.kill()
	span := r.span / time.Duration(len(all))
	good := newPatron(s.addr, site)
	defer good.leave()
	if _, err := good.fetch(ctx, span/10); err != nil { // warm
		return err
	}
	before, err := takeCensus(s.c.Process.Pid)
	if err != nil {
		return err
	}
	quiet, err := good.fetch(ctx, span*3/10)
	if err != nil {
		return err
	}
	middle, err := takeCensus(s.c.Process.Pid)
	if err != nil {
		return err
	}
	a := &assault{addr: s.addr}
	assaulted, end := context.WithTimeout(ctx, span*6/10)
	defer end()
	var attackers sync.WaitGroup
	for range at.lanes {
		attackers.Go(func() { a.lane(assaulted, at.strike) })
	}
	for a.tries.Load() == 0 && assaulted.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	loud, err := good.fetch(ctx, span*5/10)
	peak, censusErr := takeCensus(s.c.Process.Pid)
	end()
	attackers.Wait()
	if err := errors.Join(err, censusErr, ctx.Err()); err != nil {
		return err
	}
	slices.Sort(quiet)
	slices.Sort(loud)
	ratio := quantile(loud, 0.99) / quantile(quiet, 0.99)
	line := fmt.Sprintf("%-24s quiet p50 %5.2f p99 %6.2f ms of %d, attacked p50 %5.2f p99 %6.2f ms of %d (%.1f ×); server CPU %.2f s, then %.2f s; %+.1f MiB; %d tries, %.1f MiB taken",
		at.name, quantile(quiet, 0.5), quantile(quiet, 0.99), len(quiet), quantile(loud, 0.5), quantile(loud, 0.99), len(loud), ratio,
		(middle.cpu - before.cpu).Seconds(), (peak.cpu - middle.cpu).Seconds(), mebi(peak.resident-before.resident), a.tries.Load(), mebi(a.taken.Load()))
	if n := a.open.Load(); n > 0 {
		line += fmt.Sprintf(", %d idle at %.1f KiB each", n, float64(peak.resident-middle.resident)/float64(n)/1024)
	}
	r.tally.say("%s", line)
	r.tally.sample("p99 under attack ÷ quiet", ratio)
	if grown := peak.resident - before.resident; grown > most {
		return violated("%s: the server took %.0f MiB more", at.name, mebi(grown))
	}
	return nil
}

// most is how much memory an attack may cost: 10,000 connections at 12 KiB each, and something.
const most = 160 << 20

// lane strikes over and over, and breathes in between: it is about what an attack costs the server, and not about who gets
// more of the processors. That a server hangs up is no error here.
func (a *assault) lane(ctx context.Context, strike func(context.Context, *assault) error) {
	for ctx.Err() == nil {
		_ = strike(ctx, a)
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// dial connects until ctx ends, at which the connection is closed.
func (a *assault) dial(ctx context.Context) (net.Conn, func(), error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", a.addr)
	if err != nil {
		return nil, nil, err
	}
	a.tries.Add(1)
	stop := context.AfterFunc(ctx, func() { c.Close() })
	return c, func() { stop(); c.Close() }, nil
}

// take reads up to n bytes.
func (a *assault) take(c net.Conn, n int64) error {
	m, err := io.CopyN(io.Discard, c, n)
	a.taken.Add(m)
	return err
}

func list(n int, format string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(format, i*10)
	}
	return strings.Join(parts, ",")
}

// asking is an attempt with a certain Range, of whose answer only the beginning is read.
func asking(ranges string, read int64) func(context.Context, *assault) error {
	request := "GET /f5.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=" + ranges + "\r\n\r\n"
	return func(ctx context.Context, a *assault) error {
		c, done, err := a.dial(ctx)
		if err != nil {
			return err
		}
		defer done()
		if _, err := io.WriteString(c, request); err != nil {
			return err
		}
		return a.take(c, read)
	}
}

// slowReader asks for a file and takes nothing.
func slowReader(ctx context.Context, a *assault) error {
	c, done, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer done()
	if _, err := io.WriteString(c, "GET /f5.bin HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// trickling begins a request and goes on with it a byte at a time.
func trickling(begin string) func(context.Context, *assault) error {
	return func(ctx context.Context, a *assault) error {
		c, done, err := a.dial(ctx)
		if err != nil {
			return err
		}
		defer done()
		for next := begin; ; next = "x" {
			if _, err := io.WriteString(c, next); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(200 * time.Millisecond):
			}
		}
	}
}

// pipeline sends one request after the other, and takes no answer.
func pipeline(ctx context.Context, a *assault) error {
	c, done, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer done()
	requests := strings.Repeat("GET /f5.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=0-99999\r\n\r\n", 1000)
	for err == nil {
		_, err = io.WriteString(c, requests)
	}
	return err
}

// comeAndGo connects and hangs up, with a request or without.
func comeAndGo(ctx context.Context, a *assault) error {
	c, done, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer done()
	if a.tries.Load()%2 == 0 {
		_, err = io.WriteString(c, "GET /f1.bin HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	return err
}

// idlers is how many connections there are in the lanes of idle together, if there may be so many descriptors.
const (
	idlers    = 10_000
	idleLanes = 4
)

// idle holds connections of which every other has been answered once.
func idle(ctx context.Context, a *assault) error {
	for i := range idlers / idleLanes {
		c, done, err := a.dial(ctx)
		if err != nil {
			break
		}
		defer done()
		if i%2 == 0 {
			if _, err := io.WriteString(c, "GET /f1.bin HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
				return err
			}
			if err := a.take(c, 1); err != nil {
				return err
			}
		}
		a.open.Add(1)
	}
	<-ctx.Done()
	return nil
}

// crowd takes all the room there is, and comes back when it is thrown out.
func crowd(ctx context.Context, a *assault) error {
	for range 100 {
		c, done, err := a.dial(ctx)
		if err != nil {
			return err
		}
		defer done()
		_ = c // held until the others are there
	}
	select {
	case <-ctx.Done():
	case <-time.After(100 * time.Millisecond):
	}
	return nil
}

// A patron is a client that behaves, at an address that no attacker has. It fetches ranges of 1 MiB, one after the other, and looks at every byte.
type patron struct {
	url    string
	size   int64
	seed   uint64
	client *http.Client
	n      int64
}

func newPatron(addr string, site *site) *patron {
	last := len(site.sizes) - 1
	d := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}} // Linux has all of 127/8
	return &patron{url: "http://" + addr + "/" + fileName(last), size: site.sizes[last], seed: uint64(last),
		client: &http.Client{Transport: &http.Transport{DialContext: d.DialContext}, Timeout: 10 * time.Second}}
}

func (p *patron) leave() { p.client.CloseIdleConnections() }

// fetch fetches for some time, and says how long each range took, in ms.
func (p *patron) fetch(ctx context.Context, span time.Duration) (took []float64, err error) {
	for end := time.Now().Add(span); time.Now().Before(end) || len(took) == 0; {
		off := p.n * 1000003 % (p.size - 1<<20)
		p.n++
		r, err := http.NewRequestWithContext(ctx, "GET", p.url, nil)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+1<<20-1))
		begun := time.Now()
		resp, err := p.client.Do(r)
		if err != nil {
			return nil, violated("a client that behaves: %v", err)
		}
		if resp.StatusCode != http.StatusPartialContent {
			resp.Body.Close()
			return nil, violated("a client that behaves gets %s", resp.Status)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		took = append(took, float64(time.Since(begun).Microseconds())/1000)
		if err == nil {
			err = same(bytes.NewReader(body), p.seed, off, int64(1<<20))
		}
		if err != nil {
			return nil, violated("a client that behaves: %v", err)
		}
	}
	return took, nil
}
