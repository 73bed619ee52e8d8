package server

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func sumLine(content []byte, name string) string {
	return fmt.Sprintf("%x  %s\n", sha256.Sum256(content), name)
}

func TestSums(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	f, g := patterned(100), patterned(200)
	for name, content := range map[string][]byte{
		"f": f, "sub/g": g, "sub/below/h": f, "sub/.hidden": f, "own": f, "own.sha256": []byte("mine\n"), "sub2/SHA256SUMS": []byte("mine too\n"),
		"sub/x.sha256": g, "empty/.keep": nil,
	} {
		oldFile(t, filepath.Join(dir, name), content)
	}
	os.Symlink("f", filepath.Join(dir, "link"))
	os.Symlink("/etc/passwd", filepath.Join(dir, "out"))
	h, _ := telling(t, Options{Root: dir})
	addr, _ := serving(t, h)
	c := dial(t, addr)
	for path, want := range map[string]string{
		"/f.sha256":            sumLine(f, "f"),
		"/%66.sha256?x":        sumLine(f, "f"),
		"/link.sha256":         sumLine(f, "link"),
		"/sub/g.sha256":        sumLine(g, "g"),
		"/sub/x.sha256.sha256": sumLine(g, "x.sha256"),
		"/own.sha256":          "mine\n",
		"/sub/SHA256SUMS":      sumLine(g, "g") + sumLine(g, "x.sha256"),
		"/sub2/SHA256SUMS":     "mine too\n",
		"/empty/SHA256SUMS":    "",
		"/SHA256SUMS":          sumLine(f, "f") + sumLine(f, "link") + sumLine(f, "own") + sumLine([]byte("mine\n"), "own.sha256"),
	} {
		resp, body := c.get("GET " + path)
		if resp.StatusCode != 200 || string(body) != want {
			t.Errorf("%s: %s, %q, want %q", path, resp.Status, body, want)
		}
		checkFields(t, path, resp)
		if !strings.Contains(want, "mine") && resp.Header.Get("Repr-Digest") != reprDigest(sha256.Sum256(body)) {
			t.Errorf("%s: Repr-Digest is %q", path, resp.Header.Get("Repr-Digest"))
		}
		if resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" && !strings.Contains(path, "sub2") {
			t.Errorf("%s: Content-Type %q", path, resp.Header.Get("Content-Type"))
		}
		head, _ := c.get("HEAD " + path)
		if head.StatusCode != 200 || head.ContentLength != int64(len(want)) || head.Header.Get("ETag") != resp.Header.Get("ETag") {
			t.Errorf("HEAD %s: %s, %v", path, head.Status, head.Header)
		}
	}
	for _, path := range []string{
		"/none.sha256", "/sub.sha256", "/sub/.sha256", "/.sha256", "/sub/.hidden.sha256", "/out.sha256", "/f.sha256/", "/f.sha256.sha256",
		"/SHA256SUMS/", "/none/SHA256SUMS", "/f/SHA256SUMS", "/.x/SHA256SUMS", "/SHA256SUMS.sha256", "/sub/SHA256SUMS/SHA256SUMS",
		"/sub/../f.sha256", "/sub%2fg.sha256", "/f.SHA256", "/transfer/f.sha256",
	} {
		resp, _ := c.get("GET " + path)
		if resp.StatusCode != 404 {
			t.Errorf("%s: %s", path, resp.Status)
		}
		checkFields(t, path, resp)
	}
}

// Sums are answered for like files: with ranges, tags and conditions. The tag is of their own content.
func TestSumsHaveConditions(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	oldFile(t, path, []byte(greeting))
	oldFile(t, filepath.Join(dir, "g"), nil)
	age(t, dir, -2*time.Hour)
	h, _ := telling(t, Options{Root: dir})
	addr, _ := serving(t, h)
	c := dial(t, addr)
	for _, target := range []string{"/f.sha256", "/SHA256SUMS"} {
		first, all := c.get("GET " + target)
		etag, modified := first.Header.Get("ETag"), first.Header.Get("Last-Modified")
		if file, _ := c.get("HEAD /f"); modified != file.Header.Get("Last-Modified") {
			t.Errorf("%s: Last-Modified %s, the newest file's is %s", target, modified, file.Header.Get("Last-Modified"))
		}
		for _, q := range []struct {
			field, other string
			status       int
			body         string
		}{
			{"If-None-Match: " + etag, "X: y", 304, ""},
			{"If-Modified-Since: " + modified, "X: y", 304, ""},
			{`If-Match: "y"`, "X: y", 412, "412 Precondition Failed\n"},
			{"Range: bytes=0-63", "If-Range: " + etag, 206, string(all[:64])},
		} {
			resp, body := c.get("GET "+target, q.field, q.other)
			if resp.StatusCode != q.status || string(body) != q.body {
				t.Errorf("%s, %s: %s, %q", target, q.field, resp.Status, body)
			}
			checkFields(t, target, resp)
		}
		age(t, path, -time.Minute) // touched: other validators of the file, the same sum
		if touched, _ := c.get("GET "+target, "If-None-Match: "+etag); touched.StatusCode != 304 {
			t.Errorf("%s, touched: %s", target, touched.Status)
		}
	}
	before, _ := c.get("GET /SHA256SUMS")
	if err := os.Remove(filepath.Join(dir, "g")); err != nil {
		t.Fatal(err)
	}
	if after, _ := c.get("GET /SHA256SUMS", "If-None-Match: "+before.Header.Get("ETag")); after.StatusCode != 200 {
		t.Errorf("with a file less: %s", after.Status)
	}
}

func TestSumsUnderPrefixAndWithoutListing(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "sub", "f"), []byte(greeting))
	h, _ := telling(t, Options{Root: dir, NoListing: true})
	addr, _ := serving(t, http.StripPrefix("/files", h))
	for path, want := range map[string]int{"/files/sub/f.sha256": 200, "/files/sub/SHA256SUMS": 404, "/files/SHA256SUMS": 404, "/sub/f.sha256": 404} {
		if resp, _ := dial(t, addr).get("GET " + path); resp.StatusCode != want {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

func TestSumsAreBounded(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	more := filepath.Join(dir, "more")
	for i := range maxSums {
		oldFile(t, filepath.Join(dir, strconv.Itoa(i)), nil)
	}
	h, _ := telling(t, Options{Root: dir})
	addr, _ := serving(t, h)
	if resp, body := dial(t, addr).get("GET /SHA256SUMS"); resp.StatusCode != 200 || strings.Count(string(body), "\n") != maxSums {
		t.Errorf("%s, %d lines", resp.Status, strings.Count(string(body), "\n"))
	}
	oldFile(t, more, nil)
	if resp, body := dial(t, addr).get("GET /SHA256SUMS"); resp.StatusCode != 404 || !strings.Contains(string(body), "PATH.sha256") {
		t.Errorf("with one more: %s, %s", resp.Status, body)
	}
}

// Whatever a file can be called, the line says it as sha256sum does.
func TestSumsAreAsSha256sumPrintsThem(t *testing.T) {
	for name, want := range map[string]string{
		"a b": "  a b\n", " *a": "   *a\n", "a\nb": "  a\\nb\n", "a\rb": "  a\\rb\n", `a\nb`: `  a\\nb` + "\n", "ä": "  ä\n",
	} {
		got := string(appendSum(nil, [sha256.Size]byte{}, name))
		escaped := strings.HasPrefix(got, `\`)
		got = strings.TrimPrefix(got, `\`)
		if got != strings.Repeat("0", 64)+want || escaped != strings.ContainsAny(name, "\\\n\r") {
			t.Errorf("%q: %q", name, got)
		}
	}
	needInodes(t)
	program, err := exec.LookPath("sha256sum")
	if err != nil || runtime.GOOS != "linux" {
		t.Skip("there is no sha256sum of GNU here")
	}
	dir := t.TempDir()
	names := []string{"a", "a b", "-x", "*y", " z ", "ä\u00a0", "new\nline", "new\nline\n", "%41", "#1?", "'q'", "\ttab"}
	for i, name := range names {
		oldFile(t, filepath.Join(dir, name), patterned(i))
	}
	h, _ := telling(t, Options{Root: dir})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/SHA256SUMS", nil))
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	check := exec.Command(program, "--check", "--strict")
	check.Dir, check.Stdin = dir, w.Body
	out, err := check.CombinedOutput()
	if err != nil || strings.Count(string(out), ": OK\n") != len(names) {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
}

// Who asks for sums waits for the hashing, but not for ever: then he is told when to come again, and it goes on.
func TestSumsTakeTime(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "a"), []byte(greeting))
	oldFile(t, filepath.Join(dir, "f"), patterned(2*stint))
	oldFile(t, filepath.Join(dir, "g"), patterned(10))
	synctest.Test(t, func(t *testing.T) {
		h, d := telling(t, Options{Root: dir})
		brake := hold(d)
		d.speed.Store(1 << 20)
		begun := time.Now()
		w := httptest.NewRecorder()
		go func() { <-brake.reached; brake.pass <- struct{}{} }() // a is hashed at once
		h.ServeHTTP(w, httptest.NewRequest("GET", "/SHA256SUMS", nil))
		if waited := time.Since(begun); w.Code != 503 || waited != maxWait {
			t.Errorf("%d after %v", w.Code, waited)
		}
		if s, err := strconv.Atoi(w.Header().Get("Retry-After")); err != nil || s < 2*stint>>20 {
			t.Errorf("Retry-After: %q", w.Header().Get("Retry-After"))
		}
		if w.Header().Get("ETag") != "" || w.Header().Get("Repr-Digest") != "" {
			t.Errorf("%v", w.Header())
		}
		close(brake.pass) // and comes to its end, with that of g, though nobody waits
		for theOnly(d) != nil {
			time.Sleep(time.Second) // in virtual time
			synctest.Wait()
		}
		for _, path := range []string{"/f.sha256", "/g.sha256", "/SHA256SUMS"} {
			w := httptest.NewRecorder()
			begun := time.Now()
			if h.ServeHTTP(w, httptest.NewRequest("HEAD", path, nil)); w.Code != 200 || time.Since(begun) != 0 {
				t.Errorf("%s: %d after %v", path, w.Code, time.Since(begun))
			}
		}
	})
}

// A fresh file is waited for until it has settled.
func TestSumsWaitForSettling(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	oldFile(t, path, []byte(greeting))
	changed := time.Unix(0, see(t, path).changed)
	synctest.Test(t, func(t *testing.T) {
		h, d := telling(t, Options{Root: dir})
		begun := time.Now()
		d.now = func() time.Time { return changed.Add(time.Second / 2).Add(time.Since(begun)) }
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/f.sha256", nil))
		if w.Code != 200 || w.Body.String() != sumLine([]byte(greeting), "f") || time.Since(begun) != settling-time.Second/2 {
			t.Errorf("%d after %v: %s", w.Code, time.Since(begun), w.Body)
		}
		h.Close()
	})
}

// Nobody is waited for who has left, and nobody waits longer than the server.
func TestSumsEndWithClientAndServer(t *testing.T) {
	needInodes(t)
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), patterned(2*stint))
	synctest.Test(t, func(t *testing.T) {
		made := make(chan Access, 2)
		h, d := telling(t, Options{Root: dir, Log: func(a Access) { made <- a }})
		brake := hold(d)
		l := newPipes()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- Serve(ctx, l, h, Options{}) }()
		const request = "GET /f.sha256 HTTP/1.1\r\nHost: x\r\n\r\n"
		leaver := l.dial(t, request)
		<-brake.reached
		synctest.Wait()
		job := theOnly(d)
		if !job.awaited() {
			t.Error("nobody waits")
		}
		leaver.Close()
		if a := <-made; !a.Cut || a.Status != 0 || job.awaited() {
			t.Errorf("who left: %+v", a)
		}
		stayer := l.dial(t, request)
		answer := make(chan string)
		go func() { p, _ := io.ReadAll(stayer); answer <- string(p) }()
		synctest.Wait()
		stop()
		if got := <-answer; !strings.HasPrefix(got, "HTTP/1.1 503 ") || !strings.Contains(got, "\r\nRetry-After: ") {
			t.Errorf("who stayed: %s", got)
		}
		close(brake.pass)
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

// However many ask for the sums of a folder, it is read as seldom as if they asked for the folder.
func TestSumsReadFoldersAtTheDesk(t *testing.T) {
	dir := t.TempDir()
	h, _ := telling(t, Options{Root: dir})
	synctest.Test(t, func(t *testing.T) {
		h.origin.listing.desk = newDesk()
		seats := h.origin.listing.desk.seats
		for range maxReadings {
			seats <- struct{}{}
		}
		rec := httptest.NewRecorder()
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			h.ServeHTTP(rec, httptest.NewRequest("GET", "/SHA256SUMS", nil))
		}()
		synctest.Wait()
		select {
		case <-answered:
			t.Error("one more folder was read than there are seats")
		default:
		}
		<-seats
		<-answered
		if rec.Code != 200 {
			t.Error(rec.Code)
		}
	})
}
