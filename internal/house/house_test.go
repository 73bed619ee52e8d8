// Package house keeps the arrows between the packages: who may import whom.
package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// arrows says which of our packages each package may import. A folder that is
// not listed may not exist.
var arrows = map[string][]string{
	".":                         {"braid/internal/cli"},
	"segment":                   {},
	"server":                    {},
	"scheduler":                 {"braid/segment"},
	"scheduler/source":          {"braid/scheduler", "braid/segment"},
	"scheduler/source/nametest": {},
	"scheduler/sink":            {"braid/scheduler", "braid/segment"},
	"scheduler/sink/sinktest":   {"braid/scheduler", "braid/segment"},
	"internal/ui":               {"braid/scheduler", "braid/segment"},
	"internal/check":            {"braid/internal/ui", "braid/scheduler", "braid/scheduler/source", "braid/segment"},
	"internal/bench":            {"braid/scheduler", "braid/scheduler/source", "braid/segment", "braid/server"},
	"internal/cli":              {"braid/internal/bench", "braid/internal/check", "braid/internal/metrics", "braid/internal/ui", "braid/scheduler", "braid/scheduler/sink", "braid/scheduler/source", "braid/segment", "braid/server"},
	"internal/house":            {},
	"internal/metrics":          {"braid/server"},
	"internal/mutants":          {},
	"internal/torture":          {"braid/server"}, // it shares no code with what it verifies
	"internal/versus":           {"braid/scheduler", "braid/scheduler/sink", "braid/scheduler/source", "braid/segment", "braid/server"},
}

// forbidden says what a package may not import from anywhere.
var forbidden = map[string][]string{
	"segment":   {"os", "net", "net/http", "context", "sync", "syscall"},
	"scheduler": {"os", "net", "net/http", "syscall"},
}

// rooms says where each dependency lives; nobody else may import it, tests
// apart. Its key is a prefix of the import path.
var rooms = map[string][]string{
	"github.com/urfave/cli":         {"internal/cli"},
	"github.com/vbauerster/mpb":     {"internal/ui"},
	"golang.org/x/term":             {"internal/ui", "internal/cli"},
	"github.com/dustin/go-humanize": {"internal/ui", "internal/cli", "server"},
	"github.com/mattn/go-runewidth": {"internal/ui"},
	"golang.org/x/sync":             {"scheduler"},
	"golang.org/x/time":             {"internal/cli"},
	"golang.org/x/crypto":           {"server"},
	"golang.org/x/sys":              {"scheduler/sink", "internal/torture"},
	"golang.org/x/text":             {"scheduler/source", "scheduler/source/nametest"},
	"github.com/dunglas/httpsfv":    {"server"},
	"github.com/gofrs/flock":        {"scheduler/sink"},
	"github.com/prometheus":         {"internal/metrics"},

	"github.com/HdrHistogram/hdrhistogram-go": {"internal/bench"},
	"gonum.org/v1/plot":                       {"internal/bench"},
}

type file struct {
	dir, name string
	ast       *ast.File
}

func files(t *testing.T, tests bool) []file {
	t.Helper()
	var all []file
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		rel = filepath.ToSlash(rel)
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && rel != "." || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") != tests {
			return nil
		}
		tree, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, file{path.Dir(rel), path.Base(rel), tree})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no Go files were found")
	}
	return all
}

func imports(f file) []string {
	var paths []string
	for _, i := range f.ast.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		paths = append(paths, p)
	}
	return paths
}

func TestArrows(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range files(t, false) {
		seen[f.dir] = true
		allowed, known := arrows[f.dir]
		if !known {
			t.Errorf("%s/%s: nobody has given this folder a place in the house", f.dir, f.name)
		}
		for _, p := range imports(f) {
			if strings.HasPrefix(p, "braid/") && !slices.Contains(allowed, p) {
				t.Errorf("%s/%s imports %s", f.dir, f.name, p)
			}
			if slices.Contains(forbidden[f.dir], p) {
				t.Errorf("%s/%s imports %s, which this room does without", f.dir, f.name, p)
			}
			for dep, homes := range rooms {
				if strings.HasPrefix(p, dep) && !slices.Contains(homes, f.dir) {
					t.Errorf("%s/%s imports %s, which lives in %v", f.dir, f.name, p, homes)
				}
			}
			if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") && !slices.ContainsFunc(keys(rooms), func(dep string) bool { return strings.HasPrefix(p, dep) }) {
				t.Errorf("%s/%s imports %s, which has no room", f.dir, f.name, p)
			}
		}
	}
	for dir := range arrows {
		if dir != "internal/house" && !seen[dir] {
			t.Errorf("%s is on the plan but holds no Go file", dir)
		}
	}
}

func keys(m map[string][]string) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	return all
}

// segment holds values: it reads no clock and starts nothing.
func TestSegmentReadsNoClock(t *testing.T) {
	for _, f := range files(t, false) {
		if f.dir != "segment" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine", f.name)
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Sleep", "After"}, n.Sel.Name) {
					t.Errorf("%s calls time.%s", f.name, n.Sel.Name)
				}
			}
			return true
		})
	}
}

// Nothing runs at import, and nobody keeps a context.
func TestNoInitAndNoStoredContext(t *testing.T) {
	for _, f := range files(t, false) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s/%s has an init", f.dir, f.name)
				}
			case *ast.StructType:
				for _, field := range n.Fields.List {
					if sel, ok := field.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Context" {
						if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "context" {
							t.Errorf("%s/%s stores a context in a struct", f.dir, f.name)
						}
					}
				}
			}
			return true
		})
	}
}

// The top level is fixed.
func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"main.go", "segment", "scheduler", "server", "internal", "go.mod", "go.sum", "Dockerfile", "README.md", "LICENSE"}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && e.Name() != "braid" && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
}

// go1.27.2 and go1.26.9 carry fixes of net/http and os.Root that braid's
// promises rest on. With GOTOOLCHAIN=local an older Go would build silently.
func TestToolchain(t *testing.T) {
	v := runtime.Version()
	if strings.HasPrefix(v, "devel") {
		t.Skip("the release number is missing from a development version of Go")
	}
	if older(v, "go1.27.2") {
		t.Errorf("this is %s, but braid needs go1.27.2 or later: run with GOTOOLCHAIN=auto", v)
	}
}

func older(a, b string) bool {
	num := func(v string) []int {
		v, _, _ = strings.Cut(strings.TrimPrefix(v, "go"), " ")
		var n []int
		for _, s := range strings.Split(v, ".") {
			i, _ := strconv.Atoi(s)
			n = append(n, i)
		}
		return n
	}
	return slices.Compare(num(a), num(b)) < 0
}
