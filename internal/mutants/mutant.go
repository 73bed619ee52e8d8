package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A mutant is one wrong change, and the tests that must notice it.
type mutant struct {
	name     string
	file     string        // from the root of the module, with slashes
	old, new string        // old stands there exactly once
	in       string        // the package whose tests are run, such as "./segment"
	tests    string        // which of them, as go test -run wants it
	wait     time.Duration // how long they may take; 0 means slow
	rapid    bool          // they are property tests: their finds are not to be kept for next time
}

var (
	errSurvived = errors.New("SURVIVED")
	errMisfit   = errors.New("the text to change is not there exactly once")
	errBuild    = errors.New("does not compile")
)

// slow is how long tests may take to notice. A mutant may well make them hang,
// which is noticing too.
const slow = 3 * time.Minute

// apply is m's file, with the change.
func (m mutant) apply(root string) ([]byte, error) {
	good, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.file)))
	if err != nil {
		return nil, err
	}
	if n := bytes.Count(good, []byte(m.old)); n != 1 {
		return nil, fmt.Errorf("%w: %d times in %s", errMisfit, n, m.file)
	}
	return bytes.Replace(good, []byte(m.old), []byte(m.new), 1), nil
}

// run tests m and says what killed it. Its error is errSurvived, errMisfit,
// errBuild, or why it could not be run.
func (m mutant) run(ctx context.Context, root string) (by string, err error) {
	broken, err := m.apply(root)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	stand := filepath.Join(dir, filepath.Base(m.file))
	list, err := json.Marshal(map[string]any{
		"Replace": map[string]string{filepath.Join(root, filepath.FromSlash(m.file)): stand},
	})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := errors.Join(os.WriteFile(stand, broken, 0o600), os.WriteFile(overlay, list, 0o600)); err != nil {
		return "", err
	}
	args := []string{"test", "-overlay", overlay, "-vet=off", "-count=1", "-failfast", "-timeout", cmp.Or(m.wait, slow).String(), "-run", m.tests, m.in}
	if m.rapid {
		args = append(args, "-rapid.nofailfile")
	}
	test := exec.CommandContext(ctx, "go", args...)
	test.Dir = root
	out, err := test.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err == nil:
		return "", errSurvived
	case bytes.Contains(out, []byte("[build failed]")), bytes.Contains(out, []byte("[setup failed]")):
		return "", fmt.Errorf("%w: %s", errBuild, bytes.TrimSpace(out))
	}
	if by := killer(string(out)); by != "" {
		return by, nil
	}
	return "", fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
}

// killer is the first test, of the innermost kind, that out says has failed.
func killer(out string) string {
	by := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "panic: test timed out") {
			return "killed: the tests hang"
		}
		if strings.HasPrefix(line, "panic: ") && by == "" {
			return "killed by a " + line
		}
		name, failed := strings.CutPrefix(line, "--- FAIL: ")
		if !failed || by != "" && !strings.HasPrefix(name, by+"/") {
			continue
		}
		by, _, _ = strings.Cut(name, " ")
	}
	if by != "" {
		by = "killed by " + by
	}
	return by
}

// moduleRoot is the folder that go.mod is in.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(out)))
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		return "", fmt.Errorf("run it inside the module: %w", err)
	}
	return root, nil
}
