package cli

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"braid/server"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMain lets scripts call this test binary as braid.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"braid": func() {
			os.Exit(Run(WithSignals(context.Background()), os.Args, os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", "atexit_sleep_ms=0") // else each braid under -race ends with a second of sleep
			return origins(t, e)
		},
	})
}

// origins gives a script two servers: at $URL the folder www of its files and
// patterns, at $SLOW the same at 1 MiB/s a connection.
func origins(t *testing.T, e *testscript.Env) error {
	www := filepath.Join(e.WorkDir, "www")
	if err := os.MkdirAll(www, 0o755); err != nil {
		return err
	}
	options := server.Options{Root: www, Pattern: true}
	url, _ := origin(t, options)
	options.RatePerConnection = 1 << 20
	slow, _ := origin(t, options)
	e.Setenv("URL", strings.TrimSuffix(url, "/"))
	e.Setenv("SLOW", strings.TrimSuffix(slow, "/"))
	return nil
}

// run is Run with its output.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = Run(t.Context(), append([]string{"braid"}, args...), strings.NewReader(""), &out, &err)
	return code, out.String(), err.String()
}

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), -update to accept:\n%s", file, diff)
	}
}

// table is the commands as Run has them.
func table() []*command {
	return commands(&env{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
}
