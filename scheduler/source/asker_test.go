package source

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"braid/segment"
)

func asker(t *testing.T, url string, o Options) *Asker {
	t.Helper()
	c := Client(ClientOptions{})
	t.Cleanup(c.CloseIdleConnections)
	a, err := NewAsker(c, url, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What is asked goes out word for word, with what the user sends along.
func TestAskIsWordForWord(t *testing.T) {
	o := serve(t, ranges)
	a := asker(t, o.url+"/f", Options{Header: http.Header{"X-Key": {"k"}, "Range": {"bytes=1-2"}}, UserAgent: "me"})
	answer, err := a.Ask(t.Context(), Request{Method: "HEAD", Header: http.Header{"Range": {"bytes=0-3", "items=x"}, "If-Match": {`"a"`}, "Accept-Encoding": {"gzip"}}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	r := o.requests()[0]
	got := fmt.Sprint(r.Method, r.Header["Range"], r.Header["If-Match"], r.Header["Accept-Encoding"], r.Header["X-Key"], r.Header["User-Agent"])
	if want := `HEAD[bytes=0-3 items=x] ["a"] [gzip] [k] [me]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAnswerSaysHowItCame(t *testing.T) {
	o := serve(t, func(n int, r *http.Request) string {
		return part(segment.Range{Off: 10, End: 20}, `ETag: "a"`, "Content-Type: Text/Plain; charset=x", "Retry-After: 3")
	})
	a := asker(t, o.url+"/f?secret=1", Options{})
	var locals []netip.AddrPort
	for i, fresh := range []bool{false, false, true} {
		answer, err := a.Ask(t.Context(), Request{Fresh: fresh})
		if err != nil {
			t.Fatal(err)
		}
		bytes, whole, err := answer.Prefix(100)
		if string(bytes) != file[10:20] || !whole || err != nil {
			t.Errorf("%q %v %v", bytes, whole, err)
		}
		if answer.Reused != (i == 1) || answer.URL != o.url+"/f?secret=REDACTED" {
			t.Errorf("%d: reused %v, %s", i, answer.Reused, answer.URL)
		}
		locals = append(locals, answer.Local)
		r, total, err := ContentRange(answer.Header)
		if id := answer.Identity(); r != (segment.Range{Off: 10, End: 20}) || total != 1000 || err != nil || id.Size != 1000 || id.ETag != `"a"` {
			t.Errorf("%v %d %v %+v", r, total, err, id)
		}
		if answer.Kind() != "text/plain" || answer.Coding() != "" || answer.RetryAfter().Seconds() != 3 {
			t.Error(answer.Kind(), answer.Coding(), answer.RetryAfter())
		}
	}
	if locals[0] != locals[1] || locals[1] == locals[2] {
		t.Error(locals)
	}
}

// A prefix of a long body is all that is read, and a short body is told from one
// that was cut.
func TestPrefix(t *testing.T) {
	o := serve(t, func(n int, r *http.Request) string {
		if n == 0 {
			return message(200, file)
		}
		return "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + file[:100] + bye
	})
	a := asker(t, o.url, Options{})
	for i, c := range []struct {
		n     int64
		bytes string
		whole bool
		err   error
	}{{10, file[:10], false, nil}, {1000, file[:100], false, io.ErrUnexpectedEOF}} {
		answer, err := a.Ask(t.Context(), Request{})
		if err != nil {
			t.Fatal(err)
		}
		bytes, whole, err := answer.Prefix(c.n)
		if string(bytes) != c.bytes || whole != c.whole || !errors.Is(err, c.err) {
			t.Errorf("%d: %q %v %v", i, bytes, whole, err)
		}
	}
}

// Redirects are followed once, told of, and taken again if that is asked for.
func TestAskFollows(t *testing.T) {
	o := serve(t, func(n int, r *http.Request) string {
		if r.URL.Path == "/f" {
			return message(302, "", "Location: /g?key=1", "Cache-Control: no-store")
		}
		return message(200, file)
	})
	a := asker(t, o.url+"/f", Options{})
	for i, anew := range []bool{false, false, true} {
		answer, err := a.Ask(t.Context(), Request{Anew: anew})
		if err != nil {
			t.Fatal(err)
		}
		answer.Prefix(2000)
		if i == 1 {
			if len(answer.Hops) != 0 {
				t.Error(answer.Hops)
			}
			continue
		}
		hop := answer.Hops[0]
		if len(answer.Hops) != 1 || hop.Status != 302 || hop.From != o.url+"/f" || hop.To != o.url+"/g?key=REDACTED" || hop.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%+v", answer.Hops)
		}
	}
	if got := len(o.requests()); got != 5 {
		t.Error(got)
	}
	other := a.Through(Client(ClientOptions{}))
	answer, err := other.Ask(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	answer.Prefix(2000)
	other.web.forget()
	if last := o.requests()[5]; last.URL.Path != "/g" {
		t.Error(last.URL)
	}
}

func TestAskErrors(t *testing.T) {
	if _, err := NewAsker(Client(ClientOptions{}), "ftp://x/", Options{}); err == nil {
		t.Error("ftp")
	}
	o := serve(t, func(n int, r *http.Request) string {
		if r.URL.Path == "/round" {
			return message(302, "", "Location: /round")
		}
		return bye
	})
	_, err := asker(t, o.url+"/f?secret=1", Options{}).Ask(t.Context(), Request{})
	if !errors.Is(err, io.EOF) || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	_, err = asker(t, o.url+"/round", Options{}).Ask(t.Context(), Request{})
	if _, ok := errors.AsType[*ProtocolError](err); !ok {
		t.Error(err)
	}
	if got := len(o.requests()); got > 20 {
		t.Error(got)
	}
}

// A client that may only connect to some addresses connects to no other.
func TestClientAllow(t *testing.T) {
	o := serve(t, ranges)
	no := errors.New("not that one")
	c := Client(ClientOptions{Allow: func(netip.Addr) error { return no }})
	a, err := NewAsker(c, o.url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Ask(t.Context(), Request{}); !errors.Is(err, no) {
		t.Error(err)
	}
	if len(o.requests()) > 0 {
		t.Error("it was asked")
	}
}
