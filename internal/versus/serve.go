package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// rivalless says that there is no other server, or no way to look at one.
func rivalless(_ context.Context, b *bench) string {
	if b.at["nginx"] == "" {
		return "nginx is not installed"
	}
	if _, err := cpuOf(os.Getpid()); err != nil {
		return "the processor time of a running process cannot be told here: " + err.Error()
	}
	return ""
}

// secretless says that this braid serves no TLS.
func secretless(ctx context.Context, b *bench) string {
	said, _ := exec.CommandContext(ctx, b.braid, "help", "serve").CombinedOutput()
	if !strings.Contains(string(said), "--tls-cert") {
		return "this braid has no --tls-cert"
	}
	return rivalless(ctx, b)
}

// serveBraid starts braid serve.
func (b *bench) serveBraid(ctx context.Context, s spec) (*web, error) {
	argv := []string{"serve", "-q", "-a", "127.0.0.1:0"}
	if s.cert != "" {
		argv = append(argv, "--tls-cert", s.cert, "--tls-key", s.key)
	}
	c := exec.Command(b.braid, append(argv, s.root)...)
	c.Env = plainEnv(os.Environ())
	return telling(ctx, c, func() { terminate(c) })
}

// A demand is what a client wants of the servers that are compared.
type demand struct {
	name     string
	size     int64 // bytes of the file
	n        int   // connections
	requests int   // of random ranges of the file, in all; 0 means that each connection fetches its share of it
	secure   bool
}

// rangeSize is how many bytes each of many ranges has.
const rangeSize = 64 << 10

// serveContest lets one client make the same demand of both servers. Both are up all the time, and each is idle while
// the other is measured.
func (b *bench) serveContest(ctx context.Context, d demand) error {
	file, err := fixture(b.root, d.size)
	if err != nil {
		return err
	}
	s := spec{root: b.root, small: true}
	if d.secure {
		if s.cert, s.key, err = certify(b.dir); err != nil {
			return err
		}
	}
	ours, err := b.serveBraid(ctx, s)
	if err != nil {
		return err
	}
	defer ours.stop()
	theirs, err := b.serveNginx(ctx, s)
	if err != nil {
		return err
	}
	defer theirs.stop()
	load := func(w *web) []string {
		return []string{b.self, "load", "-url", w.url + file, "-size", strconv.FormatInt(d.size, 10), "-n", strconv.Itoa(d.n), "-requests", strconv.Itoa(d.requests)}
	}
	for _, w := range []*web{ours, theirs} {
		if _, err := b.measure(ctx, append(load(w), "-verify"), b.home); err != nil {
			return err
		}
	}
	if err := hashedBy(ctx, ours.url+file); err != nil {
		return err
	}
	entry := func(name string, w *web) entrant {
		return entrant{name: name, argv: func(string) []string { return load(w) }, none: true, from: w}
	}
	c := contest{name: d.name, size: d.size, ours: entry("braid serve", ours)}
	if b.o.vs == nil || b.wants("nginx") {
		c.theirs = []entrant{entry("nginx", theirs)}
	}
	before := len(b.rows)
	if err := b.hold(ctx, c); err != nil {
		return err
	}
	for _, r := range b.rows[before:] {
		b.remarks = append(b.remarks, d.remark(r))
	}
	return nil
}

// hashedBy waits until braid serve has hashed a file, as it does once, in the background, when it is first asked for: nginx
// does no such thing.
func hashedBy(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+".sha256", nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != http.StatusServiceUnavailable { // 404 if it hashes nothing
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}

// remark is what the table does not say of a row.
func (d demand) remark(r row) string {
	kept := steady(r.Pairs)
	if len(kept) == 0 {
		kept = r.Pairs
	}
	walls, theirWalls := both(kept, wall)
	clients, theirClients := both(kept, client)
	said := fmt.Sprintf("%s: the client's processor time is %.3f s with %s and %.3f s with %s.", r.Scenario, median(clients), r.Ours, median(theirClients), r.Against)
	if d.requests > 0 {
		rates := ratios(kept, wall)
		for i := range rates {
			rates[i] = 1 / rates[i]
		}
		said += fmt.Sprintf(" Requests a second: %.0f and %.0f, ratio %s.",
			float64(d.requests)/median(walls), float64(d.requests)/median(theirWalls), withInterval(rates))
	}
	return said
}

func playServeBulk(ctx context.Context, b *bench, size int64) error {
	return b.serveContest(ctx, demand{name: "serve-bulk", size: size, n: b.connections(4)})
}

func playServeTLS(ctx context.Context, b *bench, size int64) error {
	return b.serveContest(ctx, demand{name: "serve-tls", size: size, n: b.connections(4), secure: true})
}

func playServeRanges(ctx context.Context, b *bench, size int64) error {
	requests := int(max(1, size/rangeSize))
	return b.serveContest(ctx, demand{name: "serve-ranges", size: size, n: b.connections(64), requests: requests})
}
