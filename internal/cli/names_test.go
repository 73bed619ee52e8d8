package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"braid/scheduler/source"
	"braid/scheduler/source/nametest"
)

// neighbours are files that lie where downloads go, and are somebody else's.
var neighbours = []string{"big.iso", "big.iso.part", "big.iso.part.ck", "big.iso.part.ck.lock", "big.iso.part.bad", "x", "_", ".bashrc"}

// percent writes every byte of s as %XX.
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// wantPlain wants s to hold nothing that a terminal obeys.
func wantPlain(t *testing.T, s string) {
	t.Helper()
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
			t.Errorf("%U is printed: %q", r, s)
			return
		}
	}
}

// However a server names a file, it lands in the folder, under a name that can
// be seen, and nothing that was there before is touched.
func TestHostileNamesStayInTheFolder(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("bait"))
	}))
	defer server.Close()
	all := nametest.Hostile()
	become := map[string]bool{} // of those that become the same name, one is enough to go all the way
	next := make(chan nametest.Name)
	var workers sync.WaitGroup
	for range 16 { // most of the time is the disk's
		workers.Go(func() {
			for h := range next {
				land(t, server.URL, h)
			}
		})
	}
	for _, h := range all {
		if name := source.Name(server.URL + "/" + percent(h.Raw)); !become[name] {
			become[name] = true
			next <- h
		}
	}
	close(next)
	workers.Wait()
	t.Logf("%d names, as %d files", len(all), len(become))
}

// land fetches a file of a hostile name, twice, and looks what became of it.
func land(t *testing.T, server string, h nametest.Name) {
	above := t.TempDir()
	box := filepath.Join(above, "box")
	if err := os.Mkdir(box, 0o755); err != nil {
		t.Error(err)
		return
	}
	for _, name := range neighbours {
		if err := os.WriteFile(filepath.Join(box, name), []byte("mine"), 0o644); err != nil {
			t.Error(err)
		}
	}
	url := server + "/" + percent(h.Raw)
	if h.Raw == "" {
		url = server + "/a/" // which names a folder
	}
	_, out, problems := run(t, "get", "--durability", "relaxed", "-d", box, url, url)
	wantPlain(t, out+problems)

	if left, err := os.ReadDir(above); err != nil || len(left) != 1 {
		t.Errorf("%s, %q: beside the folder there is %v, %v", h.Why, h.Raw, left, err)
	}
	left, err := os.ReadDir(box)
	if err != nil {
		t.Error(err)
	}
	var came []string
	for _, entry := range left {
		content, err := os.ReadFile(filepath.Join(box, entry.Name()))
		switch {
		case err != nil:
			t.Errorf("%s, %q: %v", h.Why, h.Raw, err)
		case string(content) == "bait":
			came = append(came, entry.Name())
		case string(content) != "mine":
			t.Errorf("%s, %q: %s holds %q", h.Why, h.Raw, entry.Name(), content)
		}
	}
	switch {
	case len(left)-len(came) != len(neighbours):
		t.Errorf("%s, %q: of %d files there are %d", h.Why, h.Raw, len(neighbours), len(left)-len(came))
	case len(came) > 1:
		t.Errorf("%s, %q: there are %q", h.Why, h.Raw, came)
	case len(came) == 0 && !strings.Contains(problems, "exists"):
		t.Errorf("%s, %q: nothing came: %s", h.Why, h.Raw, problems)
	case len(came) == 1:
		if harm := nametest.Harm(came[0]); harm != "" {
			t.Errorf("%s, %q: %q %s", h.Why, h.Raw, came[0], harm)
		}
		if want := filepath.Join(box, came[0]); !strings.HasPrefix(out, want+"\n") {
			t.Errorf("%s, %q: %q is said, and %q is there", h.Why, h.Raw, out, want)
		}
	}
}

func TestHostileNamesInEvents(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	args := []string{"get", "--json", "-d", t.TempDir()}
	for _, h := range nametest.Hostile() {
		args = append(args, server.URL+"/"+percent(h.Raw))
	}
	_, out, problems := run(t, args...)
	wantPlain(t, out+problems)
	if n := strings.Count(out, `"type":"start"`); n != len(args)-4 {
		t.Errorf("%d downloads began, want %d", n, len(args)-4)
	}
}
