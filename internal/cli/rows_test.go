package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"braid/server"
)

// The row numbers in the tests of these files are those of the project's table of requests and required answers. Each
// row is asked of braid serve as a process of its own, over a bare connection.

// A requirement is a request and what must come of it.
type requirement struct {
	row    int
	line   string   // "GET /f.bin"; of HTTP/1.1 unless it says otherwise
	fields []string // beside Host
	status int
	ranged string                // Content-Range
	body   []byte                // nil: not looked at
	also   func(a answer) string // says what else is wrong; nil: nothing else is looked at
}

// rowTables are all tables of rows. They are functions of the site because its tags are not known before.
func rowTables() [][]requirement {
	s := site{all: make([]byte, siteSize)}
	return [][]requirement{s.wholeRows(), s.rangeRows(), s.severalRows(), s.emptyRows(), s.conditionRows(), s.ifRangeRows(), s.digestRows(), s.nameRows(), s.pathRows()}
}

// beyondRows are the rows that no single answer shows, or not on this system, and the tests that hold them.
var beyondRows = map[int][]string{
	2:   {"TestRowsHeadEqualsGet"},
	3:   {"TestRowsFresh"},
	5:   {"TestRowsFresh"},
	6:   {"TestRowsStoredVariants"},
	7:   {"TestRowsMethods"},
	8:   {"faults"}, // of every answer
	33:  {"partsOf", "TestRowsBoundary"},
	47:  {"TestRowsMultipartMemoryLinux"},
	76:  {"TestRowsFresh"},
	84:  {"TestRowsFileDigests"},
	87:  {"TestRowsFileDigests"},
	88:  {"TestRowsFileDigests"},
	98:  {"TestRowsPipesUnix"},
	102: {"TestPlainOnWindows"}, // a pure function: such names exist on Windows alone
	103: {"TestPlainOnWindows"}, // the only rule that could depend on case
	104: {"TestRowsFileChanges"},
	105: {"TestRowsFileChanges"},
	106: {"TestRowsFileChanges"},
	107: {"TestRowsRewrite"},
	108: {"TestRowsReplacedAllTheTime"},
	109: {"TestProgressIsDemanded"}, // takes a quarter of an hour, in virtual time
	110: {"TestRowsStop"},
	111: {"faults"}, // of every answer
	112: {"TestRowsSendfileLinux", "TestFileReachesConnection"},
}

// Every row has a case or a test of its own.
func TestEveryRowIsHeld(t *testing.T) {
	var text strings.Builder
	for _, pattern := range []string{"*_test.go", "../../server/*_test.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(names, err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text.Write(content)
		}
	}
	cases := map[int]bool{}
	for _, table := range rowTables() {
		for _, r := range table {
			cases[r.row] = true
		}
	}
	for n := 1; n <= 113; n++ {
		tests := beyondRows[n]
		if !cases[n] && len(tests) == 0 {
			t.Errorf("row %d has no case, and no test", n)
		}
		if i := slices.IndexFunc(tests, func(name string) bool {
			return !regexp.MustCompile(`func (\(\w+ \*?\w+\) )?` + name + `\(`).MatchString(text.String())
		}); i >= 0 {
			t.Errorf("row %d: there is no %s", n, tests[i])
		}
	}
}

// siteSize is the size of a site's main file.
const siteSize = 10000

// A site is a folder that braid serves, and what is known of it.
type site struct {
	dir, addr      string
	all            []byte // the content of f.bin
	etag, modified string // its validators
}

// newSite makes the folder and serves it.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{dir: filepath.Join(t.TempDir(), "root"), all: make([]byte, siteSize)}
	server.PatternAt(s.all, 1, 0)
	s.file(t, "f.bin", s.all)
	s.file(t, "f.csv", s.all)
	s.file(t, "empty", nil)
	s.addr = served(t, s.dir)
	a := dial(t, s.addr).get("HEAD /f.bin")
	s.etag, s.modified = a.Header.Get("ETag"), a.Header.Get("Last-Modified")
	return s
}

// served runs braid serve and returns its address.
func served(t *testing.T, args ...string) string {
	t.Helper()
	return address(serve(t, args...))
}

// address is the host and port of a URL.
func address(url string) string { return strings.Trim(strings.TrimPrefix(url, "http://"), "/\n") }

// file writes a file whose last change is long past, so that its tag is strong.
func (s *site) file(t *testing.T, name string, content []byte) {
	t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	aged(t, path, -time.Hour)
}

// aged sets the modification time of a file to d from now.
func aged(t *testing.T, path string, d time.Duration) {
	t.Helper()
	then := time.Now().Add(d)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

// A wire is a bare connection, for requests that no client would send.
type wire struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *wire {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(60 * time.Second)) // against hanging for ever, nothing else
	return &wire{t, c, bufio.NewReader(c)}
}

// An answer is a response with its header as it came.
type answer struct {
	*http.Response
	raw  string // the header
	body []byte
}

// ask sends a request and reads the answer's header.
func (c *wire) ask(line string, fields ...string) answer {
	c.t.Helper()
	if !strings.Contains(line, " HTTP/") {
		line += " HTTP/1.1"
	}
	request := line + "\r\nHost: x\r\n" + strings.Join(append(fields, ""), "\r\n") + "\r\n"
	if _, err := io.WriteString(c, request); err != nil {
		c.t.Fatal(err)
	}
	var raw strings.Builder
	for !strings.HasSuffix(raw.String(), "\r\n\r\n") {
		l, err := c.r.ReadString('\n')
		if err != nil {
			c.t.Fatalf("%.100q: after %q: %v", request, raw.String(), err)
		}
		raw.WriteString(l)
	}
	method, _, _ := strings.Cut(line, " ")
	whole := bufio.NewReader(io.MultiReader(strings.NewReader(raw.String()), c.r))
	resp, err := http.ReadResponse(whole, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("%.100q: %v", request, err)
	}
	c.r = whole
	return answer{Response: resp, raw: raw.String()}
}

// get is ask and the whole content. More than that must not come.
func (c *wire) get(line string, fields ...string) answer {
	c.t.Helper()
	a := c.ask(line, fields...)
	var err error
	if a.body, err = io.ReadAll(a.Body); err != nil {
		c.t.Fatalf("%.100s: %v", line, err)
	}
	if n := c.r.Buffered(); n > 0 {
		c.t.Fatalf("%.100s: %d bytes too many", line, n)
	}
	return a
}

// hold asks for each row, on one connection as long as it lasts.
func (s *site) hold(t *testing.T, rows []requirement) {
	c := dial(t, s.addr)
	for _, r := range rows {
		if strings.HasSuffix(r.line, "/1.0") {
			c = dial(t, s.addr) // which the answer ends
		}
		a := c.get(r.line, r.fields...)
		where := fmt.Sprintf("row %d: %.60s %.120q", r.row, r.line, r.fields)
		if a.StatusCode != r.status || a.Header.Get("Content-Range") != r.ranged {
			t.Errorf("%s: %s, Content-Range %q; want %d, %q", where, a.Status, a.Header.Get("Content-Range"), r.status, r.ranged)
		}
		if r.body != nil && !bytes.Equal(a.body, r.body) {
			t.Errorf("%s: %d bytes, not the %d expected", where, len(a.body), len(r.body))
		}
		for _, fault := range faults(a) {
			t.Errorf("%s: %s: %s", where, a.Status, fault)
		}
		if r.also != nil {
			if wrong := r.also(a); wrong != "" {
				t.Errorf("%s: %s", where, wrong)
			}
		}
		if a.Close {
			c = dial(t, s.addr)
		}
	}
}

// etagForm is an entity-tag without a backslash.
var etagForm = regexp.MustCompile(`^(W/)?"[!#-\[\]-~]*"$`)

// faults says what is wrong with an answer, whatever was asked: rows 1, 4, 5, 8, 62, 81, 83, 86, 111 and 113.
func faults(a answer) (faults []string) {
	want := func(present bool, names ...string) {
		for _, name := range names {
			if (a.Header.Get(name) != "") != present {
				faults = append(faults, fmt.Sprintf("%s is %q", name, a.Header.Get(name)))
			}
		}
	}
	if a.StatusCode == 400 && a.Header.Get("Date") == "" {
		return nil // net/http's own answer to what is no HTTP: there is no request yet to answer
	}
	want(true, "Date", "X-Content-Type-Options")
	want(false, "Content-Encoding", "Content-Digest", "Transfer-Encoding")
	switch {
	case a.StatusCode == 304:
		want(true, "ETag", "Cache-Control")
		want(false, "Last-Modified", "Content-Length", "Content-Type", "Content-Range", "Accept-Ranges", "Repr-Digest")
	case a.StatusCode >= 400:
		want(true, "Content-Type", "Content-Length", "Content-Security-Policy")
		want(false, "ETag", "Last-Modified", "Repr-Digest", "Accept-Ranges", "Content-Disposition")
	case a.StatusCode < 300 && a.StatusCode != 204 && a.Header.Get("Accept-Ranges") != "": // a file
		want(true, "ETag", "Last-Modified", "Cache-Control", "Content-Length", "Content-Type")
		want(a.StatusCode == 206 && !strings.HasPrefix(a.Header.Get("Content-Type"), "multipart/"), "Content-Range")
		if !strings.Contains(a.raw, "\r\nETag: ") || !etagForm.MatchString(a.Header.Get("ETag")) {
			faults = append(faults, "ETag is spelled "+a.Header.Get("ETag")+" in "+a.raw)
		}
	}
	for _, name := range []string{"Date", "Last-Modified"} {
		field := a.Header.Get(name)
		if then, err := time.Parse(http.TimeFormat, field); field != "" && (err != nil || then.UTC().Format(http.TimeFormat) != field) {
			faults = append(faults, name+" is no IMF-fixdate: "+field)
		}
	}
	if digest := a.Header.Get("Repr-Digest"); digest != "" && !regexp.MustCompile(`^sha-256=:[A-Za-z0-9+/]{43}=:$`).MatchString(digest) {
		faults = append(faults, "Repr-Digest is "+digest)
	}
	if bytes.Contains(a.body, []byte("echo-me")) {
		faults = append(faults, "the request is echoed")
	}
	return faults
}
