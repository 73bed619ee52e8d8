package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"braid/internal/ui"
	"braid/scheduler/sink"
	"braid/segment"
	"braid/server"
)

// demoRate is what the demonstration's server gives each connection, unless
// the file is so large that one connection would need more than demoTime.
const (
	demoRate = 128 << 20 / 20 // bytes a second
	demoTime = 20 * time.Second
)

// runDemo shows on this machine alone what braid is for: one connection and
// eight to a server that is slow per connection, a kill -9 half-way, the same
// command again, and the proof that the file is right. The downloads are real
// braids, in processes of their own: a kill that one could prepare for would
// prove nothing.
func runDemo(ctx context.Context, e *env, o demoOptions) (err error) {
	dir, err := os.MkdirTemp("", "braid-demo-")
	if err != nil {
		return err
	}
	defer func() {
		if o.Keep {
			fmt.Fprintln(e.err, "the files are in "+dir)
			return
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	d := &demo{env: e, o: o, rate: max(demoRate, o.Size/int64(demoTime/time.Second)), dir: dir}

	serving, stop := context.WithCancel(ctx)
	defer stop()
	serve, err := d.origin(serving)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- serve() }()
	err = d.play(ctx)
	stop()
	if served := <-ended; err == nil && !errors.Is(served, server.ErrCut) {
		err = served
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// A demo is one performance.
type demo struct {
	*env
	o    demoOptions
	rate int64 // bytes a second and connection
	dir  string

	sent *meteredListener
	url  string
	want segment.Digest
}

// origin listens on a free port; serve answers there until ctx ends.
func (d *demo) origin(ctx context.Context) (serve func() error, err error) {
	origin := server.Options{Pattern: true, Shape: server.Shape{RatePerConnection: d.rate}, Grace: time.Millisecond}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d.sent = &meteredListener{Listener: listener}
	d.url = fmt.Sprintf("http://%s/pattern/%d", listener.Addr(), d.o.Size)
	return func() error { return server.Run(ctx, d.sent, origin) }, nil
}

func (d *demo) play(ctx context.Context) error {
	sum, err := d.hash(server.PatternReader(0, d.o.Size))
	if err != nil {
		return err
	}
	d.want = segment.Digest{Algorithm: "sha256", Sum: sum}
	d.say("A file of %s, on a server that gives each connection %s/s.", ui.Size(d.o.Size), ui.Size(d.rate))

	d.say("\n1. One connection:")
	one := filepath.Join(d.dir, "one")
	single, err := d.get(ctx, one, 1, -1)
	if err != nil {
		return err
	}

	d.say("\n2. Eight connections, and kill -9 half-way:")
	eight := filepath.Join(d.dir, "eight")
	before := d.sent.bytes.Load()
	killed, err := d.get(ctx, eight, 8, d.o.Size/2)
	if err != nil {
		return err
	}
	kept := int64(0)
	if r, err := sink.Read(eight); err == nil && r.Checkpoint != nil {
		kept = r.Checkpoint.Grid.Size - r.Checkpoint.Missing()
	}
	d.say("   killed after %s: %s had come, %s of it in the checkpoint",
		seconds(killed), ui.Size(d.sent.bytes.Load()-before), ui.Size(kept))

	d.say("\n3. The same command again:")
	resumed, err := d.get(ctx, eight, 8, -1)
	if err != nil {
		return err
	}
	twice := max(0, d.sent.bytes.Load()-before-d.o.Size)

	d.say("\n4. Both files, read back from the disk:")
	for _, path := range []string{one, eight} {
		if err := d.verify(path); err != nil {
			return err
		}
	}
	d.say("   sha256 %x, as the server's own", d.want.Sum)
	d.say(`
   1 connection    %7s
   8 connections   %7s   %.1f times as fast, %s before the kill and %s after it
   fetched twice   %7s   %.1f%% of the file`,
		seconds(single), seconds(killed+resumed), single.Seconds()/(killed+resumed).Seconds(), seconds(killed), seconds(resumed),
		ui.Size(twice), 100*float64(twice)/float64(d.o.Size))
	return nil
}

// get runs braid get as people would, in a process of its own, and kills it
// once kill bytes have been sent to it; -1 lets it live. It says how long that
// took.
func (d *demo) get(ctx context.Context, path string, connections int, kill int64) (time.Duration, error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	c := exec.CommandContext(ctx, program, "get", "-x", strconv.Itoa(connections), "-o", path,
		"--color", d.o.Color, "--checksum", d.want.String(), d.url)
	c.Args[0] = os.Args[0]
	c.Stderr = d.err
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 5 * time.Second
	d.say("   braid get -x %d %s", connections, d.url)
	start, from := time.Now(), d.sent.bytes.Load()
	if err := c.Start(); err != nil {
		return 0, err
	}
	gone := make(chan error, 1)
	go func() { gone <- c.Wait() }()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-gone:
			if err != nil {
				err = fmt.Errorf("braid get ended with %w", err)
			} else if kill >= 0 {
				err = errors.New("braid get was done before it could be killed; try a larger --size")
			}
			return time.Since(start), err
		case <-look.C:
			if kill >= 0 && d.sent.bytes.Load()-from >= kill {
				c.Process.Kill()
				<-gone
				fmt.Fprintln(d.err)
				return time.Since(start), nil
			}
		}
	}
}

func (d *demo) verify(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return d.want.Check(f)
}

func (d *demo) hash(r io.Reader) ([]byte, error) {
	h := segment.Digest{Algorithm: "sha256"}.Hash()
	_, err := io.Copy(h, r)
	return h.Sum(nil), err
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
