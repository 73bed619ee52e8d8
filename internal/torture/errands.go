package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

// A want is a request and what must come of it.
type want struct {
	request string // its line and fields, but for Host
	status  int
	check   func(h http.Header, body io.Reader) error // of the content; the rest of it, if there is any, is too much
}

// An errand is one kind of request.
type errand struct {
	name string
	want func(v *visitor) want
}

// errands are all kinds there are.
var errands = []errand{
	{"whole files", wholeWant},
	{"transfers", transferWant},
	{"single ranges", rangeWant},
	{"suffixes", suffixWant},
	{"several ranges", severalWant},
	{"unsatisfiable ranges", beyondWant},
	{"HEAD", headWant},
	{"conditions that hold", ifRangeWant},
	{"conditions that do not", ifMatchWant},
	{"what has not changed", sameWant},
	{"pages", pageWant},
	{"listings as JSON", jsonWant},
	{"what is not there", missingWant},
	{"other methods", methodWant},
	{"patterns", patternWant},
}

// file draws a file, not an empty one if bytes are needed.
func (v *visitor) file(least int64) (i int, path string, size int64) {
	for {
		i = v.rand.IntN(len(v.site.sizes))
		if size = v.site.sizes[i]; size >= least && (size < 10<<20 || v.rand.IntN(4) == 0) {
			return i, "/" + fileName(i), size
		}
	}
}

// bytesOf wants bytes of file i, and nothing else.
func bytesOf(i int, off, n int64) func(http.Header, io.Reader) error {
	return func(h http.Header, body io.Reader) error {
		if length := h.Get("Content-Length"); length != fmt.Sprint(n) {
			return fmt.Errorf("Content-Length is %s, not %d", length, n)
		}
		return same(body, uint64(i), off, n)
	}
}

// nothingIn wants no content.
func nothingIn(http.Header, io.Reader) error { return nil }

// anything takes any content.
func anything(_ http.Header, body io.Reader) error {
	_, err := io.Copy(io.Discard, body)
	return err
}

func wholeWant(v *visitor) want {
	i, path, size := v.file(0)
	return want{"GET " + path + " HTTP/1.1\r\n", 200, bytesOf(i, 0, size)}
}

func transferWant(v *visitor) want {
	i, path, size := v.file(0)
	return want{"GET /transfer" + path + " HTTP/1.1\r\n", 200, bytesOf(i, 0, size)}
}

func ranged(path, field string) string {
	return "GET " + path + " HTTP/1.1\r\nRange: " + field + "\r\n"
}

func rangeWant(v *visitor) want {
	i, path, size := v.file(1)
	off := v.rand.Int64N(size)
	n := 1 + v.rand.Int64N(min(size-off, 1<<20))
	return want{ranged(path, fmt.Sprintf("bytes=%d-%d", off, off+n-1)), 206, bytesOf(i, off, n)}
}

func suffixWant(v *visitor) want {
	i, path, size := v.file(1)
	n := 1 + v.rand.Int64N(min(size, 1<<20))
	return want{ranged(path, fmt.Sprintf("bytes=-%d", n)), 206, bytesOf(i, size-n, n)}
}

func severalWant(v *visitor) want {
	i, path, size := v.file(777)
	var parts []span
	var fields []string
	for k := range int64(2 + v.rand.IntN(15)) { // of 16 bands of the file, so that none overlap
		off := k*(size/17) + v.rand.Int64N(size/34)
		end := off + 1 + v.rand.Int64N(min(size/34, 64<<10))
		parts = append(parts, span{off, end})
		fields = append(fields, fmt.Sprintf("%d-%d", off, end-1))
	}
	return want{ranged(path, "bytes="+strings.Join(fields, ",")), 206, func(h http.Header, body io.Reader) error {
		_, params, err := mime.ParseMediaType(h.Get("Content-Type"))
		if err != nil {
			return err
		}
		r := multipart.NewReader(body, params["boundary"])
		for _, s := range parts {
			p, err := r.NextRawPart()
			if err != nil {
				return err
			}
			if field := p.Header.Get("Content-Range"); field != fmt.Sprintf("bytes %d-%d/%d", s.off, s.end-1, size) {
				return fmt.Errorf("the part of %v is %s", s, field)
			}
			if err := same(p, uint64(i), s.off, s.end-s.off); err != nil {
				return err
			}
		}
		if _, err := r.NextRawPart(); err != io.EOF {
			return errors.Join(errors.New("no end after the last part"), err)
		}
		return nil
	}}
}

func beyondWant(v *visitor) want {
	_, path, size := v.file(1)
	return want{ranged(path, fmt.Sprintf("bytes=%d-", size+v.rand.Int64N(1000))), 416, anything}
}

func headWant(v *visitor) want {
	_, path, size := v.file(0)
	return want{"HEAD " + path + " HTTP/1.1\r\n", 200, func(h http.Header, _ io.Reader) error {
		if h.Get("Content-Length") != fmt.Sprint(size) || h.Get("ETag") == "" {
			return fmt.Errorf("the header is %v", h)
		}
		return nil
	}}
}

func ifRangeWant(v *visitor) want {
	i, path, size := v.file(1)
	off := v.rand.Int64N(size)
	n := min(size-off, 1000)
	w := want{ranged(path, fmt.Sprintf("bytes=%d-%d", off, off+n-1)), 206, bytesOf(i, off, n)}
	if v.rand.IntN(2) == 0 {
		w = want{ranged(path, "bytes=0-"), 200, bytesOf(i, 0, size)}
		w.request += "If-Range: \"another\"\r\n"
	}
	w.request += "If-Match: *\r\n"
	return w
}

func ifMatchWant(v *visitor) want {
	_, path, _ := v.file(0)
	return want{"GET " + path + " HTTP/1.1\r\nIf-Match: \"another\"\r\n", 412, anything}
}

func sameWant(v *visitor) want {
	_, path, _ := v.file(0)
	return want{"GET " + path + " HTTP/1.1\r\nIf-None-Match: *\r\n", 304, nothingIn}
}

func pageWant(v *visitor) want {
	return want{"GET / HTTP/1.1\r\nAccept: text/html\r\n", 200, func(_ http.Header, body io.Reader) error {
		text, err := io.ReadAll(body)
		if err == nil && !strings.Contains(string(text), fileName(len(v.site.sizes)-1)) {
			err = errors.New("a file is missing")
		}
		return err
	}}
}

func jsonWant(*visitor) want {
	return want{"GET / HTTP/1.1\r\nAccept: application/json\r\n", 200, func(_ http.Header, body io.Reader) error {
		text, err := io.ReadAll(body)
		if err == nil && !json.Valid(text) {
			err = fmt.Errorf("no JSON: %.100q", text)
		}
		return err
	}}
}

func missingWant(v *visitor) want {
	paths := []string{"/nope", "/.hidden", "/../f1.bin", "/f1.bin/", "/%00", "/transfer/nope", "/f1%2fbin"}
	return want{"GET " + paths[v.rand.IntN(len(paths))] + " HTTP/1.1\r\n", 404, anything}
}

func methodWant(v *visitor) want {
	if v.rand.IntN(2) == 0 {
		return want{"POST /f1.bin HTTP/1.1\r\nContent-Length: 3\r\n", 405, anything}
	}
	return want{"OPTIONS * HTTP/1.1\r\n", 204, nothingIn}
}

func patternWant(v *visitor) want {
	const size = 1 << 40
	seed, off, n := v.rand.IntN(1000), v.rand.Int64N(size-1<<20), 1+v.rand.Int64N(1<<20)
	return want{ranged(fmt.Sprintf("/pattern/%d?seed=%d", int64(size), seed), fmt.Sprintf("bytes=%d-%d", off, off+n-1)), 206, bytesOf(seed, off, n)}
}
