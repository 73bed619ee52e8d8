package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// versions are two files of one length that differ everywhere.
var versions = func() (v [2][]byte) {
	for i := range v {
		v[i] = make([]byte, 6<<20+123)
		for off := range v[i] {
			v[i][off] = byte(off>>8*7+off) ^ byte(0x55*i)
		}
	}
	return v
}()

// hosted serves the file that content says, as serve says if that is not nil.
func hosted(t *testing.T, content func(n int) (file []byte, tag string), serve func(n int, w http.ResponseWriter, r *http.Request) bool) (url string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(requests.Add(1)) - 1
		if serve != nil && serve(n, w, r) {
			return
		}
		file, tag := content(n)
		if tag != "" {
			w.Header().Set("ETag", tag)
		}
		http.ServeContent(w, r, "f.bin", time.Time{}, bytes.NewReader(file))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/f.bin", requests
}

func always(i int, tag string) func(int) ([]byte, string) {
	return func(int) ([]byte, string) { return versions[i], tag }
}

// wantFile wants the file at path to be version i.
func wantFile(t *testing.T, path string, i int) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, versions[i]) {
		t.Errorf("%d bytes, %v: not version %d", len(got), err, i)
	}
}

// Ranges that turn out to be lies, of a file without a validator: what came is
// dropped, and the file asked for whole.
func TestRangesWereLies(t *testing.T) {
	url, _ := hosted(t, always(0, ""), func(n int, w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Header.Get("Range") == "":
			return false
		case n == 0: // the first answer breaks off, or it would bring everything
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(versions[0])-1, len(versions[0])))
			w.Header().Set("Content-Length", fmt.Sprint(len(versions[0])))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(versions[0][:1<<20])
			return true
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-9/%d", len(versions[0])))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(versions[1][:10])
		return true
	})
	path := filepath.Join(t.TempDir(), "f.bin")
	code, _, stderr := run(t, "get", "-x", "4", "--retry-delay", "1ms", "-o", path, url)
	if code != 0 || !strings.Contains(stderr, "beginning anew") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	wantFile(t, path, 0)
}

// A file that changes while it is fetched is begun anew if the user said so,
// and a reason to stop if not.
func TestChangedOnTheWay(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
	}{
		{nil, exitIntegrity},
		{[]string{"--on-change", "restart"}, exitOK},
	} {
		now := func(n int) ([]byte, string) {
			i := min(n, 1)
			return versions[i], strconv.Quote(fmt.Sprint("v", i))
		}
		url, _ := hosted(t, now, nil)
		path := filepath.Join(t.TempDir(), "f.bin")
		args := append([]string{"get", "-x", "4", "--limit-rate", "8M", "--retry-delay", "1ms", "-o", path, url}, c.args...)
		code, _, stderr := run(t, args...)
		if code != c.code {
			t.Errorf("%v: exit %d: %s", c.args, code, stderr)
		}
		if code == 0 {
			wantFile(t, path, 1)
		} else if _, err := os.Stat(path); err == nil {
			t.Error("the file has its name")
		}
	}
}

// A server that has forgotten its ranges, but tells the version: the rest is
// read over what is there.
func TestResumeWithoutRanges(t *testing.T) {
	ranges := true
	url, requests := hosted(t, always(0, `"v"`), func(n int, w http.ResponseWriter, r *http.Request) bool {
		if ranges && n > 0 {
			w.WriteHeader(http.StatusNotFound)
			return true
		}
		if ranges {
			w.Header().Set("ETag", `"v"`)
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(versions[0])-1, len(versions[0])))
			w.Header().Set("Content-Length", fmt.Sprint(len(versions[0])))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(versions[0][:3<<20])
			return true
		}
		r.Header.Del("Range")
		return false
	})
	path := filepath.Join(t.TempDir(), "f.bin")
	args := []string{"get", "-x", "4", "--retry-delay", "1ms", "-o", path, url}
	if code, _, stderr := run(t, args...); code != exitHTTP {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	ranges = false
	before := requests.Load()
	code, _, stderr := run(t, args...)
	if code != 0 || !strings.Contains(stderr, "no ranges") || !strings.Contains(stderr, "from an earlier run") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if n := requests.Load() - before; n > 3 {
		t.Errorf("%d requests", n)
	}
	wantFile(t, path, 0)
}
