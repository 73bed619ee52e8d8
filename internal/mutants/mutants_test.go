package main

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func needGo(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is missing:", err)
	}
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// Each row still fits the code. The test of each is run by go run
// ./internal/mutants.
func TestTable(t *testing.T) {
	root := needGo(t)
	names := map[string]bool{}
	for _, m := range table() {
		if _, err := m.apply(root); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		if names[m.name] || m.name == "" || m.in == "" || m.tests == "" || m.old == m.new {
			t.Errorf("%q is not a whole row, or is there twice", m.name)
		}
		names[m.name] = true
	}
}

// Three of them, other ones each day.
func TestThree(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds three test programs: missing with -short")
	}
	root, rows := needGo(t), table()
	for i := range 3 {
		m := rows[(time.Now().YearDay()*3+i)%len(rows)]
		t.Run(m.name, func(t *testing.T) {
			by, err := m.run(t.Context(), root)
			if err != nil {
				t.Fatal(err)
			}
			t.Log(by)
		})
	}
}

// The gate itself can fail.
func TestGate(t *testing.T) {
	root := needGo(t)
	harmless := mutant{file: "segment/doc.go", old: "package segment\n", new: "package segment // a comment\n", in: "./segment", tests: "^TestNewest$"}
	for _, test := range []struct {
		name   string
		change func(m *mutant)
		want   error
	}{
		{"nothing is wrong", func(*mutant) {}, errSurvived},
		{"no such test", func(m *mutant) { m.tests = "^TestNothing$" }, errSurvived},
		{"it does not compile", func(m *mutant) { m.new = "package segment; var x int = \"\"\n" }, errBuild},
		{"it does not fit", func(m *mutant) { m.old = "no such text" }, errMisfit},
		{"it fits twice", func(m *mutant) { m.old = "e" }, errMisfit},
	} {
		m := harmless
		test.change(&m)
		if by, err := m.run(t.Context(), root); !errors.Is(err, test.want) {
			t.Errorf("%s: %q, %v", test.name, by, err)
		}
	}
}

func TestKiller(t *testing.T) {
	for _, test := range []struct{ out, want string }{
		{"--- FAIL: TestA (0.1s)\n    --- PASS: TestA/x (0s)\n    --- FAIL: TestA/y_z (0.1s)\n        a_test.go:1: no\n--- FAIL: TestB (0s)\n", "killed by TestA/y_z"},
		{"panic: test timed out after 3m0s\n", "killed: the tests hang"},
		{"panic: runtime error: index out of range [recovered]\n", "killed by a panic: runtime error"},
		{"ok  \tbraid/segment\n", ""},
	} {
		if got := killer(test.out); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%q: %q", test.out, got)
		}
	}
}
