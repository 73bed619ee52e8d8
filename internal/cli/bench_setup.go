package cli

import (
	"fmt"
	"os"

	"braid/internal/bench"
	"braid/internal/ui"
	"braid/scheduler/source"
	"braid/segment"
)

// setup is what o means, with the files it names read. done closes them.
func (o *benchOptions) setup() (s *bench.Setup, done func(), err error) {
	done = func() {}
	client := source.ClientOptions{ConnectTimeout: o.Connect, MaxConnections: mostBench, Insecure: o.Insecure, Direct: true, AllowPrivate: true}
	if !o.Own {
		client.Allow = bench.Polite
	}
	if o.CACert != "" {
		if client.RootCAs, err = source.CertPool(o.CACert); err != nil {
			return nil, done, err
		}
	}
	s = &bench.Setup{
		URLs: o.URLs, Client: source.Client(client), Version: release(nil),
		Options: source.Options{Header: o.Header, UserAgent: o.UserAgent},
		Pattern: o.Pattern, Mix: o.Mix, Seed: uint64(o.Seed), Patience: o.Timeout,
		Load:   bench.Load{Connections: o.Connections, Rate: o.Rate, Think: o.Think, Warmup: o.Warmup, Cooldown: o.Cooldown},
		Bounds: o.Bounds, Rounds: o.Rounds, Sweep: o.Sweep,
	}
	if s.Options.UserAgent == "" {
		s.Options.UserAgent = "braid/" + release(nil)
	}
	if o.Trace != "" {
		if s.Pattern, err = readTrace(o.Trace); err != nil {
			return nil, done, err
		}
	}
	if o.Verify == "" {
		return s, done, nil
	}
	f, err := os.Open(o.Verify)
	if err == nil {
		info, err := f.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = &usageError{problem: fmt.Sprintf("--verify: %s is not a regular file", ui.Safe(o.Verify))}
		}
		if err != nil {
			f.Close()
			return nil, done, err
		}
		s.Known, s.KnownSize, s.KnownAs = f, info.Size(), o.Verify
		return s, func() { f.Close() }, nil
	}
	digest, wrong := segment.ParseDigest(o.Verify)
	if wrong != nil {
		return nil, done, &usageError{problem: fmt.Sprintf("--verify: there is no file %s, and it is no checksum such as sha256:9f86d0…", ui.Safe(o.Verify))}
	}
	s.Digest = &digest
	return s, done, nil
}

func readTrace(name string) (bench.Pattern, error) {
	f, err := os.Open(name)
	if err != nil {
		return bench.Pattern{}, err
	}
	defer f.Close()
	p, err := bench.ReadTrace(f)
	if err != nil {
		return p, &usageError{problem: fmt.Sprintf("--trace %s: %v", ui.Safe(name), err)}
	}
	return p, nil
}
