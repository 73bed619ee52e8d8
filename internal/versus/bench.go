package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// A bench is one run of this program.
type bench struct {
	o        options
	self     string // this program
	braid    string
	at       map[string]string // where the tools are
	versions map[string]string
	dir      string // all files of this run
	root     string // of them, what is served
	home     string // of them, where clients look for settings
	rows     []row
	least    float64 // MiB: a peak below it cannot be told
	skipped  []string
	remarks  []string // what the table does not say
	progress io.Writer
}

// note tells how far it is.
func (b *bench) note(format string, args ...any) { fmt.Fprintf(b.progress, format+"\n", args...) }

// skip remembers what was left out, and why.
func (b *bench) skip(what, why string) {
	b.skipped = append(b.skipped, what+": "+why)
	b.note("skipped: %s: %s", what, why)
}

// compare plays the scenarios and prints what came of them. One that fails does
// not keep the others from being played.
func compare(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	b := &bench{o: o, progress: stderr}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	b.at, b.versions = find(ctx)
	if err := b.settle(); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.braid, err = b.program(ctx); err != nil {
		return err
	}
	for _, name := range append([]string{"nginx"}, tools...) {
		if b.at[name] == "" {
			b.skip(name, "it is not installed")
		}
	}
	before := steal()
	var failed error
	for _, s := range scenarios() {
		asked := slices.Contains(o.names, s.name)
		if len(o.names) > 0 && !asked {
			continue
		}
		if why := s.missing(ctx, b); why != "" {
			b.skip(s.name, why)
			continue
		}
		size := s.size
		if o.size > 0 {
			size = o.size
		}
		if err := s.play(ctx, b, size); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			b.note("%s: %v", s.name, err)
			failed = errors.Join(failed, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	printTable(stdout, b.rows, b.least)
	b.footer(stdout, before)
	return errors.Join(failed, b.save())
}

// settle makes the folders.
func (b *bench) settle() error {
	in := b.o.dir
	if in == "" {
		in = "."
	}
	in, err := filepath.Abs(in)
	if err != nil {
		return err
	}
	if fs := fileSystem(in); fs == "tmpfs" {
		if b.o.dir == "" {
			return errors.New("the current folder is in memory: name another one with -dir")
		}
		b.note("%s is in memory: files there cost something else than on a disk", in)
	}
	if b.dir, err = os.MkdirTemp(in, ".versus-"); err != nil {
		return err
	}
	b.root, b.home = filepath.Join(b.dir, "served"), filepath.Join(b.dir, "home")
	return errors.Join(os.Mkdir(b.root, 0o700), os.Mkdir(b.home, 0o700))
}

// program is the braid that is measured.
func (b *bench) program(ctx context.Context) (string, error) {
	if b.o.braid != "" {
		return filepath.Abs(b.o.braid)
	}
	path := filepath.Join(b.dir, "braid")
	said, err := exec.CommandContext(ctx, "go", "build", "-o", path, "braid").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building braid: %w: %s", err, said)
	}
	return path, nil
}

// save writes all samples to the file that -json names.
func (b *bench) save() error {
	if b.o.json == "" {
		return nil
	}
	text, err := json.MarshalIndent(struct {
		Machine []string `json:"machine"`
		Skipped []string `json:"skipped"`
		Least   float64  `json:"least_peak_mib"` // a peak below it cannot be told
		Rows    []row    `json:"rows"`
	}{b.machine(), b.skipped, b.least, b.rows}, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(b.o.json, append(text, '\n'), 0o644)
}
