package server

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"
)

func rangeScenes() map[string]func(*scene) {
	ignored := func(ranges string, first int, end int64) func(*scene) {
		return func(s *scene) {
			s.get(part).is(200).says("Content-Range", "", "Accept-Ranges", ranges, "Content-Length", "300000", "ETag", tagOf1).holds(0, patternSize)
			s.get(top).is(first).holds(0, end)
		}
	}
	return map[string]func(*scene){
		"ignore-range":  ignored("bytes", 200, patternSize),
		"no-ranges":     ignored("none", 200, patternSize),
		"forget-ranges": ignored("bytes", 206, 2000),
		"wrong-start": func(s *scene) {
			s.get(part).is(206).says("Content-Range", "bytes 0-100999/300000", "ETag", tagOf1).holds(0, 101000)
			s.get("Range: bytes=1000-").is(206).says("Content-Range", "bytes 0-299999/300000").holds(0, patternSize)
			s.get(top).is(206).holds(0, 2000)
		},
		"early-start": func(s *scene) {
			s.get("Range: bytes=10000-10999").is(206).says("Content-Range", "bytes 5904-10999/300000").holds(5904, 11000)
			s.get("Range: bytes=10-99").is(206).says("Content-Range", "bytes 0-99/300000").holds(0, 100)
			s.get(top).is(206).holds(0, 2000)
		},
		"short-part": func(s *scene) {
			s.get(part).is(206).says("Content-Range", "bytes 1000-51499/300000", "Content-Length", "50500").holds(1000, 51500)
			s.get("Range: bytes=7-7").is(206).holds(7, 8)
		},
		"long-part": func(s *scene) {
			v := s.get("Range: bytes=1000-1999").is(206).says("Content-Range", "bytes 1000-1999/300000", "Content-Length", "66536")
			if !bytes.Equal(v.body[:1000], bytesAt(1000, 2000)) || firstRight(v.body[1000:], 2000) >= 0 || v.err != nil {
				s.t.Errorf("%v", v.err)
			}
			v = s.get("Range: bytes=299000-").is(206).says("Content-Range", "bytes 299000-299999/300000", "Content-Length", "66536")
			if !bytes.Equal(v.body[:1000], bytesAt(299000, 300000)) || len(v.body) != 66536 {
				s.t.Errorf("%d bytes, %v", len(v.body), v.err)
			}
			s.get().is(200).holds(0, patternSize)
		},
		"length-disagrees": func(s *scene) {
			s.get(part).is(206).says("Content-Range", partRange, "Content-Length", "50500").holds(1000, 51500)
			s.get("Range: bytes=7-7").is(206).holds(7, 8)
		},
		"no-content-range": func(s *scene) { s.get(part).is(206).says("Content-Range", "", "ETag", tagOf1).wrong(1000, 101000) },
		"garbage-content-range": func(s *scene) {
			seen := make(map[string]bool)
			for range 9 {
				v := s.get(part).is(206).wrong(1000, 101000)
				seen[v.resp.Header.Get("Content-Range")] = true
			}
			if len(seen) != 9 || seen[partRange] {
				s.t.Error(seen)
			}
		},
		"star-total": func(s *scene) { s.get(part).is(206).says("Content-Range", "bytes 1000-101999/*").holds(1000, 102000) },
		"multipart": func(s *scene) {
			v := s.get("Range: bytes=1000-1999").is(206).says("Content-Range", "")
			boundary, _ := strings.CutPrefix(v.resp.Header.Get("Content-Type"), "multipart/byteranges; boundary=")
			want := "--" + boundary + "\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes 1000-1999/300000\r\n\r\n" +
				string(bytesAt(1000, 2000)) + "\r\n--" + boundary + "--\r\n"
			if string(v.body) != want || v.resp.ContentLength != int64(len(want)) {
				s.t.Errorf("%.200q, %v", v.body, v.err)
			}
		},
	}
}

func identityScenes() map[string]func(*scene) {
	return map[string]func(*scene){
		"total-changes": func(s *scene) {
			s.get(top).is(206).says("Content-Range", "bytes 0-1999/300000").holds(0, 2000)
			s.get(part).is(206).says("Content-Range", "bytes 1000-101999/299999", "ETag", tagOf1).wrong(1000, 101000)
			s.get("Range: bytes=299000-").is(206).says("Content-Range", "bytes 299000-299998/299999").wrong(299000, 999)
			s.get().is(200).says("Content-Length", "299999").wrong(0, 299999)
			s.get("Range: bytes=299999-").is(416).says("Content-Range", "bytes */299999")
		},
		"etag-changes": func(s *scene) {
			const tag2 = `"p1-300000-1-2"`
			s.get(top).is(206).says("ETag", tagOf1).holds(0, 2000)
			s.get(part).is(206).says("ETag", tag2, "Repr-Digest", "", "Content-Range", partRange).wrong(1000, 101000)
			s.get(top, "If-Range: "+tag2).is(206).says("ETag", tag2).wrong(0, 2000)
			s.get(top, "If-Range: "+tagOf1).is(200).says("ETag", tag2).wrong(0, patternSize)
		},
		"modified-changes": func(s *scene) {
			const first, second = "Wed, 01 Jan 2020 00:00:00 GMT", "Wed, 01 Jan 2020 01:00:00 GMT"
			s.get(top).is(206).says("ETag", "", "Last-Modified", first).holds(0, 2000)
			s.get(part).is(206).says("ETag", "", "Last-Modified", second, "Content-Range", partRange).wrong(1000, 101000)
			s.get(top, "If-Range: "+second).is(206).wrong(0, 2000)
			s.get(top, "If-Range: "+first).is(200).wrong(0, patternSize)
		},
		"other-bytes": func(s *scene) {
			s.get(part).is(206).says("ETag", tagOf1, "Content-Range", partRange, "Repr-Digest", "").wrong(1000, 101000)
			s.get().is(200).says("ETag", tagOf1).wrong(0, patternSize)
		},
		"etag-per-edge": func(s *scene) {
			c := dial(s.t, s.addr)
			a, b := look(c, "GET "+target, top).is(206).holds(0, 2000), look(c, "GET "+target, part).is(206).holds(1000, 102000)
			tag := a.resp.Header.Get("ETag")
			other := s.get(top).is(206).holds(0, 2000).resp.Header.Get("ETag")
			if tag != b.resp.Header.Get("ETag") || tag == other || !strings.HasPrefix(tag, `"p1-300000-1-`) {
				s.t.Errorf("%s, %s, %s", tag, b.resp.Header.Get("ETag"), other)
			}
			look(c, "GET "+target, top, "If-Range: "+tag).is(206)
			look(c, "GET "+target, top, "If-Range: "+other).is(200)
		},
		"etag-random": func(s *scene) {
			a, b := s.get(top).is(206).holds(0, 2000), s.get(top).is(206).holds(0, 2000)
			if a.resp.Header.Get("ETag") == b.resp.Header.Get("ETag") {
				s.t.Error(a.resp.Header.Get("ETag"))
			}
		},
		"etag-weak": func(s *scene) { s.get(part).is(206).says("ETag", "W/"+tagOf1).holds(1000, 102000) },
		"no-validators": func(s *scene) {
			s.get(part).is(206).says("ETag", "", "Last-Modified", "", "Repr-Digest", "").holds(1000, 102000)
		},
		"fresh-modified": func(s *scene) {
			v := s.get(part).is(206).says("ETag", "").holds(1000, 102000)
			date, _ := http.ParseTime(v.resp.Header.Get("Date"))
			modified, _ := http.ParseTime(v.resp.Header.Get("Last-Modified"))
			if date.Sub(modified) != time.Second {
				s.t.Errorf("%v, %v", date, modified)
			}
		},
		"if-range-200": func(s *scene) {
			s.get(top, "If-Range: "+tagOf1).is(200).says("ETag", tagOf1).holds(0, patternSize)
			s.get(top).is(206)
		},
		"if-range-lies": func(s *scene) {
			s.get(part, `If-Range: "x"`).is(206).says("ETag", `"p1-300000-1-2"`, "Content-Range", partRange).wrong(1000, 101000)
			s.get(part).is(206).says("ETag", tagOf1).holds(1000, 102000)
		},
		"cache-truncates": func(s *scene) {
			s.get(part).is(206).says("Content-Range", partRange, "Content-Length", "50500", "Age", "2592000").holds(1000, 51500)
			s.get(part, "Cache-Control: max-age=0, No-Cache").is(206).says("Age", "").holds(1000, 102000)
		},
		"cache-mixes": func(s *scene) {
			v := s.get(part).is(206).says("Content-Range", partRange, "ETag", tagOf1, "Age", "2592000")
			if !bytes.Equal(v.body[:50500], bytesAt(1000, 51500)) || firstRight(v.body[50500:], 51500) >= 0 {
				s.t.Error("the halves are not of two versions")
			}
			s.get(part, "Pragma: no-cache").is(206).says("Age", "").holds(1000, 102000)
		},
		"stale-206": func(s *scene) {
			s.get(part).is(206).says("Content-Range", partRange, "ETag", `"p1-300000-1-0"`, "Age", "2592000",
				"Last-Modified", "Mon, 02 Dec 2019 00:00:00 GMT").wrong(1000, 101000)
			s.get(part, "Cache-Control: no-cache").is(206).says("Age", "", "ETag", tagOf1).holds(1000, 102000)
			s.get(top).is(206).says("Age", "").holds(0, 2000)
		},
		"disposition-varies": func(s *scene) {
			seen := make(map[string]bool)
			for range 7 {
				seen[s.get(part).is(206).holds(1000, 102000).resp.Header.Get("Content-Disposition")] = true
			}
			if len(seen) != 7 {
				s.t.Error(seen)
			}
		},
		"clock-skew": func(s *scene) {
			seen := make(map[bool]bool)
			for range 30 {
				date, err := http.ParseTime(s.get(part).is(206).holds(1000, 102000).resp.Header.Get("Date"))
				off := time.Until(date)
				if err != nil || off.Abs() < 23*time.Hour || off.Abs() > 25*time.Hour {
					s.t.Errorf("%v, %v", off, err)
				}
				seen[off > 0] = true
			}
			if len(seen) != 2 {
				s.t.Error("the clock is always off in the same direction")
			}
		},
	}
}

func bodyScenes() map[string]func(*scene) {
	return map[string]func(*scene){
		"gzip": func(s *scene) {
			v := s.get(part, "Accept-Encoding: identity").is(206).says("Content-Encoding", "gzip", "Content-Length", "", "Content-Range", partRange)
			r, err := gzip.NewReader(bytes.NewReader(v.body))
			if err != nil {
				s.t.Fatal(err)
			}
			if plain, err := io.ReadAll(r); err != nil || !bytes.Equal(plain, bytesAt(1000, 102000)) {
				s.t.Errorf("%d bytes, %v", len(plain), err)
			}
		},
		"chunked": func(s *scene) {
			for _, v := range []*sight{s.get(part).is(206).holds(1000, 102000), s.get(top).is(206).holds(0, 2000)} {
				if te := v.resp.TransferEncoding; len(te) != 1 || te[0] != "chunked" {
					s.t.Errorf("%s: %v", v.what, te)
				}
			}
		},
		"length-and-chunked": func(s *scene) {
			raw := s.raw(part)
			for _, field := range []string{"\r\nContent-Length: 50500\r\n", "\r\nTransfer-Encoding: chunked\r\n", "\r\nConnection: close\r\n"} {
				if !strings.Contains(raw, field) {
					s.t.Errorf("%q is missing in %.800q", field, raw)
				}
			}
			if !strings.HasSuffix(raw, "\r\n0\r\n\r\n") {
				s.t.Errorf("%.40q", raw[len(raw)-40:])
			}
			s.get(part).is(206).says("Content-Range", partRange).holds(1000, 102000)
		},
		"close-delimited": func(s *scene) {
			v := s.get(part).is(206).says("Content-Length", "").holds(1000, 102000)
			if !v.resp.Close || len(v.resp.TransferEncoding) > 0 {
				s.t.Errorf("close %v, %v", v.resp.Close, v.resp.TransferEncoding)
			}
		},
		"close-delimited-cut": func(s *scene) {
			v := s.get(part).is(206).says("Content-Length", "").breaks(1000, 102000, nil)
			if len(v.resp.TransferEncoding) > 0 {
				s.t.Error(v.resp.TransferEncoding)
			}
		},
		"endless": func(s *scene) {
			for _, fields := range [][]string{{"X: y"}, {"Range: bytes=0-299999"}, {"Range: bytes=0-"}, {"Range: bytes=0-999"}} {
				c := dial(s.t, s.addr)
				resp := c.ask("GET "+target, fields...)
				good := patternSize
				if resp.StatusCode == 206 {
					good = int(map[string]int64{"bytes 0-999/300000": 1000, "bytes 0-299999/300000": patternSize}[resp.Header.Get("Content-Range")])
				}
				got := make([]byte, 2<<20)
				if _, err := io.ReadFull(resp.Body, got); err != nil || !bytes.Equal(got[:good], bytesAt(0, int64(good))) {
					s.t.Errorf("%s: %v", fields, err)
				}
				if i := firstRight(got[good:patternSize], int64(good)); i >= 0 {
					s.t.Errorf("%s: byte %d is right, though there is none", fields, good+i)
				}
				c.Close()
				if a := <-s.log; a.Faults != "endless" || !a.Cut {
					s.t.Errorf("%+v", a)
				}
			}
		},
	}
}

// raw is all that comes until the origin hangs up.
func (s *scene) raw(fields ...string) string {
	s.t.Helper()
	c := dial(s.t, s.addr)
	defer c.Close()
	io.WriteString(c, "GET "+target+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+strings.Join(append(fields, ""), "\r\n")+"\r\n")
	all, err := io.ReadAll(c)
	if err != nil {
		s.t.Error(err)
	}
	return string(all)
}

func connectionScenes() map[string]func(*scene) {
	return map[string]func(*scene){
		"1xx-flood": func(s *scene) {
			raw := s.raw(part)
			if n := strings.Count(raw, "HTTP/1.1 103 Early Hints\r\n"); n != 256 {
				s.t.Errorf("%d times 103", n)
			}
			i := strings.Index(raw, "HTTP/1.1 206")
			if i < 1<<20 {
				s.t.Errorf("the answer begins after %d bytes", i)
			}
			resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(raw[max(i, 0):])), nil)
			if err != nil {
				s.t.Fatal(err)
			}
			(&sight{t: s.t, resp: resp}).is(206).says("ETag", tagOf1, "Content-Range", partRange, "Link", "")
			if a := <-s.log; a.Status != 206 || a.Bytes != 101000 || a.Cut {
				s.t.Errorf("%+v", a)
			}
		},
		"huge-headers": func(s *scene) {
			raw := s.raw(part)
			if i := strings.Index(raw, "\r\n\r\n"); i < 1<<20 {
				s.t.Errorf("the header has %d bytes", i)
			}
			s.get(part).is(206).holds(1000, 102000)
		},
		"huge-trailers": func(s *scene) {
			_, after, _ := strings.Cut(s.raw(part), "\r\n0\r\n")
			if len(after) < 1<<20 || strings.Count(after, "\r\nX-Filler-") != 31 || !strings.HasSuffix(after, "x\r\n\r\n") {
				s.t.Errorf("the trailer has %d bytes: %.40q", len(after), after)
			}
		},
		"http09": func(s *scene) {
			if raw := []byte(s.raw(part)); len(raw) != 101000 || firstRight(raw, 1000) >= 0 {
				s.t.Errorf("%d bytes: %.40q", len(raw), raw)
			}
			if a := <-s.log; a.Status != 0 || a.Bytes != 101000 {
				s.t.Errorf("%+v", a)
			}
		},
		"garbage-status": func(s *scene) {
			seen := make(map[string]bool)
			for range 7 {
				raw := s.raw(part)
				line, _, _ := strings.Cut(raw, "\r\n")
				seen[line] = true
				_, body, _ := strings.Cut(raw, "\r\n\r\n")
				if len(body) != 101000 || firstRight([]byte(body), 1000) >= 0 {
					s.t.Errorf("%q: %d bytes", line, len(body))
				}
			}
			if len(seen) != 7 || seen["HTTP/1.1 206 Partial Content"] {
				s.t.Error(seen)
			}
		},
		"fin-midway": func(s *scene) {
			a := s.get(part).is(206).says("Content-Length", "101000").breaks(1000, 102000, io.ErrUnexpectedEOF)
			b := s.get(part).is(206).breaks(1000, 102000, io.ErrUnexpectedEOF)
			if len(a.body) == len(b.body) {
				s.t.Error("it breaks at the same place each time")
			}
			s.get("Range: bytes=5-9").is(206).holds(5, 10)
			if a := <-s.log; !a.Cut || a.Faults != "fin-midway" {
				s.t.Errorf("%+v", a)
			}
		},
		"rst-midway": func(s *scene) {
			v := s.get(part).is(206).says("Content-Length", "101000")
			n := int64(len(v.body))
			if !errors.Is(v.err, syscall.ECONNRESET) || !bytes.Equal(v.body, bytesAt(1000, 1000+n)) {
				s.t.Errorf("%d bytes, %v", n, v.err)
			}
			s.get("Range: bytes=5-9").is(206).holds(5, 10)
		},
		"idle-close": func(s *scene) {
			c := dial(s.t, s.addr)
			v := look(c, "GET "+target, part).is(206).holds(1000, 102000)
			if v.resp.Close {
				s.t.Error("the connection is not said to stay open")
			}
			io.WriteString(c, "GET "+target+" HTTP/1.1\r\nHost: x\r\n\r\n")
			if n, err := c.r.Read(make([]byte, 1)); n > 0 || err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
				s.t.Errorf("%d bytes, %v", n, err)
			}
		},
	}
}
