package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// longSince is a clock by which every file has settled.
func longSince() time.Time { return time.Unix(1<<33, 0) }

// telling makes an origin for which every file has settled.
func telling(t *testing.T, o Options) (*handler, *digests) {
	t.Helper()
	made, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	h := made.(*watched).handler
	h.origin.digests.now = longSince
	return h, h.origin.digests
}

// serving runs an origin on loopback until the test ends or stop is called, and returns its address.
func serving(t *testing.T, h http.Handler) (addr string, stop context.CancelFunc) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, ln, h, Options{}) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return ln.Addr().String(), stop
}

// needInodes skips where the system does not tell one version of a file from another.
func needInodes(t *testing.T) {
	t.Helper()
	if _, ok := versionOf(must(os.Stat("digest_test.go"))); !ok {
		t.Skip("this system does not tell the inode of a file, so there are no digests")
	}
}

// A brake holds up the hashing before each stint.
type brake struct{ reached, pass chan struct{} }

func hold(d *digests) *brake {
	b := &brake{make(chan struct{}, 1000), make(chan struct{})}
	d.step = func() { b.reached <- struct{}{}; <-b.pass }
	return b
}

const greeting = `{"hello": "world"}` + "\n"

// The first byte never waits, and what is told in the end is the same everywhere: rows 82, 84, 85, 88.
func TestFileDigest(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "sub", "f"), []byte(greeting))
	oldFile(t, filepath.Join(dir, "empty"), nil)
	h, d := telling(t, Options{Root: dir})
	brake := hold(d)
	addr, _ := serving(t, h)
	c := dial(t, addr)
	requests := []struct {
		line, field string
		status      int
	}{
		{"HEAD /sub/f", "X: y", 200},
		{"GET /sub/f", "X: y", 200},
		{"GET /sub/f", "Range: bytes=10-18", 206},
		{"GET /sub/f", "Range: bytes=0-0,10-18", 206},
		{"HEAD /sub/f", "Range: bytes=0-0", 200},
		{"GET /transfer/sub/f", "Want-Repr-Digest: sha-512=3, sha-256=10", 200},
	}
	for i, q := range requests {
		resp, _ := c.get(q.line, q.field)
		if got := resp.Header.Get("Repr-Digest"); resp.StatusCode != q.status || got != "" {
			t.Errorf("%s, %s: %s with %q before anybody can know", q.line, q.field, resp.Status, got)
		}
		if i == 0 {
			<-brake.reached // from here on it is being hashed, and stands still
		}
	}
	var list struct{ Entries []entry }
	if _, body := c.get("GET /sub/", "Accept: application/json"); json.Unmarshal(body, &list) != nil || list.Entries[0].SHA256 != "" {
		t.Errorf("listed as %s", body)
	}
	close(brake.pass)
	c.get("GET /sub/f.sha256") // waits
	c.get("GET /empty.sha256")

	const want = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
	for _, q := range requests {
		resp, _ := c.get(q.line, q.field)
		if got := resp.Header.Get("Repr-Digest"); resp.StatusCode != q.status || got != want {
			t.Errorf("%s, %s: %s with %q", q.line, q.field, resp.Status, got)
		}
	}
	if resp, _ := c.get("GET /empty"); resp.Header.Get("Repr-Digest") != "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:" {
		t.Errorf("of nothing: %q", resp.Header.Get("Repr-Digest"))
	}
	sum := sha256.Sum256([]byte(greeting))
	if _, body := c.get("GET /sub/", "Accept: application/json"); json.Unmarshal(body, &list) != nil || list.Entries[0].SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("listed as %s", body)
	}
	for _, q := range []struct {
		line, field string
		status      int
	}{
		{"GET /sub/f", "Want-Repr-Digest: sha-256=0", 200},
		{"GET /sub/f", "If-None-Match: *", 304},
		{"GET /sub/f", `If-Match: "y"`, 412},
		{"GET /sub/f", "Range: bytes=100-", 416},
		{"GET /sub/g", "X: y", 404},
		{"GET /sub/", "X: y", 200},
	} {
		resp, _ := c.get(q.line, q.field)
		if got := resp.Header.Get("Repr-Digest"); resp.StatusCode != q.status || got != "" {
			t.Errorf("%s, %s: %s with %q", q.line, q.field, resp.Status, got)
		}
	}
	if len(brake.reached) != 1 { // of empty; that of f was taken
		t.Errorf("%d stints too many", len(brake.reached)-1)
	}
}

func TestNoDigest(t *testing.T) {
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), []byte(greeting))
	h := must(New(Options{Root: dir, Pattern: true, NoDigest: true}))
	addr, _ := serving(t, h)
	for line, want := range map[string]int{"GET /f": 200, "GET /f.sha256": 404, "GET /SHA256SUMS": 404, "GET /pattern/5": 200, "GET /": 200} {
		if resp, _ := dial(t, addr).get(line); resp.StatusCode != want || resp.Header.Get("Repr-Digest") != "" {
			t.Errorf("%s: %s, %q", line, resp.Status, resp.Header.Get("Repr-Digest"))
		}
	}
	if h.(*watched).origin.digests != nil {
		t.Error("it hashes all the same")
	}
}

// numbered is a version of a file that there is not.
func numbered(n int) version { return version{inode: inode{number: uint64(n)}} }

func TestFileDigestsAreBounded(t *testing.T) {
	d := newDigests()
	for n := range 3 * maxKnown {
		d.learn(numbered(n), [sha256.Size]byte{byte(n)})
		if _, ok := d.recall(numbered(0)); !ok {
			t.Fatalf("the one in use is forgotten after %d others", n)
		}
	}
	if len(d.sums) != maxKnown || d.recent.Len() != maxKnown {
		t.Errorf("%d digests are kept, and %d in order", len(d.sums), d.recent.Len())
	}
	if _, ok := d.recall(numbered(1)); ok {
		t.Error("what nobody has used for longest is still there")
	}
	if s, ok := d.recall(numbered(3*maxKnown - 1)); !ok || s[0] != (3*maxKnown-1)%256 {
		t.Errorf("the last: %x, %v", s, ok)
	}
}

// A version settles by its time of change, whatever its time of modification has been set to: rows 76 and 107.
func TestUnsettled(t *testing.T) {
	needInodes(t)
	path := filepath.Join(t.TempDir(), "f")
	oldFile(t, path, []byte("one"))
	v, ok := versionOf(must(os.Stat(path)))
	changed := time.Unix(0, v.changed)
	if !ok || time.Since(changed) > time.Minute || v.size != 3 {
		t.Fatalf("%+v, %v", v, ok)
	}
	for after, settled := range map[time.Duration]bool{-time.Hour: false, 0: false, settling - 1: false, settling: true, time.Hour: true} {
		if got := v.unsettled(changed.Add(after)); got <= 0 != settled {
			t.Errorf("%v after it has been changed: unsettled for %v", after, got)
		}
	}
	if _, ok := versionOf(must(os.Stat(filepath.Dir(path)))); ok {
		t.Error("a folder has a version to be hashed")
	}
}

// Without a server of ours nobody waits for the hashing but Close.
func TestClose(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), bytes.Repeat([]byte(greeting), stint/10))
	h, d := telling(t, Options{Root: dir})
	brake := hold(d)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/f", nil))
	<-brake.reached
	closed := make(chan error)
	go func() { closed <- h.Close() }()
	<-d.closed
	select {
	case <-closed:
		t.Error("Close has not waited")
	default:
	}
	close(brake.pass)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if d.runs != 0 || len(d.jobs) != 0 || len(d.sums) != 0 {
		t.Errorf("%d at work, %d to do, %d known", d.runs, len(d.jobs), len(d.sums))
	}
	for path, want := range map[string]int{"/f": 200, "/f.sha256": 503} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want || d.runs != 0 {
			t.Errorf("after Close %s: %d", path, w.Code)
		}
	}
	if err := h.Close(); err != nil {
		t.Errorf("once more: %v", err)
	}
}

// What a request costs more once the digest is known: one header value.
func BenchmarkFileRequest(b *testing.B) {
	dir := b.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, []byte(greeting), 0o644); err != nil {
		b.Fatal(err)
	}
	for _, none := range []bool{true, false} {
		b.Run(map[bool]string{true: "without", false: "digest"}[none], func(b *testing.B) {
			h := must(New(Options{Root: dir, NoDigest: none})).(*watched)
			defer h.Close()
			r := httptest.NewRequest("HEAD", "/f", nil)
			w := httptest.NewRecorder()
			if !none {
				d := h.origin.digests
				d.now = longSince
				v, _ := versionOf(must(os.Stat(path)))
				if job := d.ask(b.Context(), v, func() (*os.File, error) { return os.Open(path) }, false); job != nil {
					<-job.done
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.Header())
				h.ServeHTTP(w, r)
			}
			if got := w.Header().Get("Repr-Digest"); none != (got == "") {
				b.Fatalf("Repr-Digest: %q", got)
			}
		})
	}
}

// What is sent as it is stored compressed has the digest of that (row 87), and an embedded file has one at once.
func TestDigestOfOtherRepresentations(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), []byte(greeting))
	stored := []byte("as if compressed")
	oldFile(t, filepath.Join(dir, "f.gz"), stored)
	h, _ := telling(t, Options{Root: dir, Precompressed: true})
	addr, _ := serving(t, h)
	c := dial(t, addr)
	c.get("GET /SHA256SUMS")
	for coding, content := range map[string][]byte{"identity": []byte(greeting), "gzip": stored} {
		resp, body := c.get("GET /f", "Accept-Encoding: "+coding)
		if got := resp.Header.Get("Repr-Digest"); got != reprDigest(sha256.Sum256(content)) || !bytes.Equal(body, content) {
			t.Errorf("%s: %q, %q", coding, got, body)
		}
	}

	embedded := must(New(Options{FS: embeddedFiles}))
	get := func(path, want string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", path, nil)
		r.Header.Set("Want-Repr-Digest", want)
		embedded.ServeHTTP(w, r)
		return w
	}
	names := must(fs.Glob(embeddedFiles, "testdata/fuzz/*/*"))
	if len(names) == 0 {
		t.Error("there are no embedded files")
	}
	for _, name := range names {
		file := get("/"+name, "")
		sum := sha256.Sum256(file.Body.Bytes())
		if got := file.Header().Get("Repr-Digest"); file.Code != 200 || got != reprDigest(sum) {
			t.Errorf("%s: %d, %q", name, file.Code, got)
		}
		if got := get("/"+name+".sha256", "").Body.String(); got != sumLine(file.Body.Bytes(), filepath.Base(name)) {
			t.Errorf("%s.sha256: %q", name, got)
		}
		if got := get("/"+name, "sha-256=0").Header().Get("Repr-Digest"); got != "" {
			t.Errorf("%s: %q, not wanted", name, got)
		}
	}
}
