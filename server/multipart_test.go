package server

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"
)

func TestMultipart(t *testing.T) { // rows 32 to 36, 41 and 81
	dir := t.TempDir()
	content := patterned(10000)
	oldFile(t, filepath.Join(dir, "f.csv"), content)
	c := dial(t, start(t, Options{Root: dir}))
	for field, want := range map[string][]span{
		"bytes=0-1,97-98":          {{0, 2}, {97, 99}},
		"bytes=0-0,-1":             {{0, 1}, {9999, 10000}},
		"bytes=601-999,500-600":    {{601, 1000}, {500, 601}},
		"bytes=500-700,601-999,-1": {{500, 1000}, {9999, 10000}},
		"bytes=0-4999,5000-9999":   {{0, 5000}, {5000, 10000}},
		"bytes=1-2,3-4,100000-,-7": {{1, 3}, {3, 5}, {9993, 10000}},
	} {
		resp, body := c.get("GET /f.csv", "Range: "+field)
		checkFields(t, field, resp)
		kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		if resp.StatusCode != 206 || kind != "multipart/byteranges" || err != nil || len(params["boundary"]) > 70 {
			t.Fatalf("%s: %s, %s, %v", field, resp.Status, resp.Header.Get("Content-Type"), err)
		}
		if !bytes.HasPrefix(body, []byte("--"+params["boundary"]+"\r\n")) {
			t.Errorf("%s: begins with %.40q", field, body)
		}
		if resp.ContentLength != int64(len(body)) || !bytes.HasSuffix(body, []byte("\r\n--"+params["boundary"]+"--\r\n")) {
			t.Errorf("%s: Content-Length %d of %d, ends in %.40q", field, resp.ContentLength, len(body), body[len(body)-40:])
		}
		parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
		for _, s := range want {
			p, err := parts.NextRawPart()
			if err != nil {
				t.Fatalf("%s: %v", field, err)
			}
			got, err := io.ReadAll(p)
			if err != nil || !bytes.Equal(got, content[s.off:s.end]) {
				t.Errorf("%s: part %v is not the file's bytes (%v)", field, s, err)
			}
			if p.Header.Get("Content-Range") != contentRange(s, 10000) || p.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
				t.Errorf("%s: part %v has %v", field, s, p.Header)
			}
		}
		if _, err := parts.NextRawPart(); err != io.EOF {
			t.Errorf("%s: after the last part: %v", field, err)
		}
	}
}

// FuzzAnswer asks a representation for any Range, and reads the answer with another reader of multipart.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{"bytes=0-1,97-98", "bytes=0-0,-1", "bytes=601-999,500-700,-1", "bytes=0-", "bytes=7000-", "bytes=1-2,x", "bytes=-0", "bytes=4000-4095,0-"} {
		f.Add(s, uint16(5000))
	}
	f.Fuzz(func(t *testing.T, field string, size uint16) {
		v := virtual{seed: 1, size: int64(size)}
		content := patterned(int(size))
		rep := representation{size: v.size, contentType: octetStream, body: v}
		w := httptest.NewRecorder()
		rep.serve(w, &http.Request{Method: http.MethodGet, Header: http.Header{"Range": {field}}})
		spans, verdict := readAllSlowly(field, v.size)
		h, body := w.Header(), w.Body.Bytes()
		if h.Get("Content-Length") != strconv.Itoa(len(body)) {
			t.Fatalf("%q: Content-Length %s of %d", field, h.Get("Content-Length"), len(body))
		}
		switch {
		case verdict == whole:
			if w.Code != 200 || !bytes.Equal(body, content) {
				t.Fatalf("%q: %d, %d bytes", field, w.Code, len(body))
			}
		case verdict == unsatisfiable:
			if w.Code != 416 || h.Get("Content-Range") != fmt.Sprintf("bytes */%d", size) {
				t.Fatalf("%q: %d, %v", field, w.Code, h)
			}
		case len(spans) == 1:
			if w.Code != 206 || !bytes.Equal(body, content[spans[0].off:spans[0].end]) || h.Get("Content-Range") != contentRange(spans[0], v.size) {
				t.Fatalf("%q: %d, %v, %d bytes", field, w.Code, h, len(body))
			}
		default:
			_, params, err := mime.ParseMediaType(h.Get("Content-Type"))
			if err != nil || w.Code != 206 {
				t.Fatalf("%q: %d, %v, %v", field, w.Code, h, err)
			}
			parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
			for _, s := range spans {
				p, err := parts.NextRawPart()
				if err != nil {
					t.Fatalf("%q: %v", field, err)
				}
				got, err := io.ReadAll(p)
				if err != nil || !bytes.Equal(got, content[s.off:s.end]) || p.Header.Get("Content-Range") != contentRange(s, v.size) {
					t.Fatalf("%q: part %v: %v, %d bytes, %v", field, s, p.Header, len(got), err)
				}
			}
			if _, err := parts.NextRawPart(); err != io.EOF {
				t.Fatalf("%q: after the last part: %v", field, err)
			}
		}
	})
}
