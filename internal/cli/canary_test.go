package cli

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"braid/server"
)

// canary is in every secret of TestSecretsStaySecret, and may be seen nowhere.
const canary = "c4n4ry"

// secret is a secret that says in which place it was.
func secret(place string) string { return canary + "-" + place }

// keeper is an origin that wants secrets, tells some, and redirects to others.
// At /slow/ it takes its time.
func keeper(t *testing.T, wants func(*http.Request) bool) *httptest.Server {
	content := make([]byte, 2<<20)
	server.PatternAt(content, 7, 0)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Secret", secret("answer"))
		w.Header().Set("Set-Cookie", "session="+secret("set-cookie"))
		w.Header().Set("ETag", `"one"`)
		if !wants(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="`+secret("realm")+`"`)
			http.Error(w, secret("body"), http.StatusUnauthorized)
			return
		}
		there := "?sig=" + secret("location") + "#" + secret("location-fragment")
		switch first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); first {
		case "moved":
			w.Header().Set("Location", "/file"+there)
			w.WriteHeader(http.StatusFound)
		case "away":
			w.Header().Set("Location", "ftp://u:"+secret("location-user")+"@h/"+there)
			w.WriteHeader(http.StatusFound)
		case "around":
			w.Header().Set("Location", r.URL.String())
			w.WriteHeader(http.StatusFound)
		case "nowhere":
			w.Header().Set("Location", "http://u:"+secret("location-user")+"@127.0.0.1:1/"+there)
			w.WriteHeader(http.StatusFound)
		case "gone":
			http.Error(w, secret("body"), http.StatusNotFound)
		case "broken":
			http.Error(w, secret("body"), http.StatusInternalServerError)
		case "odd":
			w.Header().Set("Content-Range", "bytes "+secret("range"))
			w.WriteHeader(http.StatusPartialContent)
		case "short":
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(http.StatusOK)
		case "slow":
			http.ServeContent(&dripping{ResponseWriter: w}, r, "", time.Time{}, bytes.NewReader(content))
		default:
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		}
	}))
	s.Config.ErrorLog = nil
	t.Cleanup(s.Close)
	return s
}

// dripping is a ResponseWriter that gives 64 KiB every 20 ms.
type dripping struct{ http.ResponseWriter }

func (d *dripping) Write(p []byte) (n int, err error) {
	for len(p) > 0 && err == nil {
		var m int
		m, err = d.ResponseWriter.Write(p[:min(len(p), 64<<10)])
		n, p = n+m, p[m:]
		http.NewResponseController(d.ResponseWriter).Flush()
		time.Sleep(20 * time.Millisecond)
	}
	return n, err
}

// wantNoCanary wants text to tell no secret.
func wantNoCanary(t *testing.T, what string, text []byte) {
	t.Helper()
	if i := bytes.Index(text, []byte(canary)); i >= 0 {
		t.Errorf("%s tells a secret: %q", what, text[max(0, i-100):min(len(text), i+100)])
	}
}

// wantNoCanaryIn wants no file of a folder to.
func wantNoCanaryIn(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		wantNoCanary(t, "the name of a file", []byte(entry.Name()))
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		wantNoCanary(t, entry.Name(), content)
	}
}

// A way in for secrets: what to type, in front of the host and behind the path,
// and the flags; what has to arrive.
type way struct {
	name     string
	userinfo string
	query    string
	args     []string
	env      []string
	hidden   bool // it is in no argument of the process either
	wants    func(*http.Request) bool
}

func ways(t *testing.T) []way {
	headers := filepath.Join(t.TempDir(), "headers")
	text := fmt.Sprintf("Authorization: Bearer %s\nX-Api-Key: %s\nCookie: a=%s\nReferer: http://r/?%s\n", secret("bearer"), secret("key"), secret("cookie"), secret("referer"))
	if err := os.WriteFile(headers, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	basic := func(password string) func(*http.Request) bool {
		return func(r *http.Request) bool {
			_, p, _ := r.BasicAuth()
			return p == password || strings.HasPrefix(r.URL.Path, "/file")
		}
	}
	return []way{
		{name: "URL", userinfo: "me:" + secret("userinfo") + "@", query: "?token=" + secret("query") + "&" + secret("bare") + "#" + secret("fragment"), wants: basic(secret("userinfo"))},
		{name: "header", args: []string{"-H", "Authorization: Bearer " + secret("bearer"), "-H", "Cookie: a=" + secret("cookie")},
			wants: func(r *http.Request) bool { return strings.Contains(r.Header.Get("Authorization"), secret("bearer")) }},
		{name: "file of headers", args: []string{"-H", "@" + headers}, hidden: true,
			wants: func(r *http.Request) bool { return r.Header.Get("X-Api-Key") == secret("key") }},
		{name: "netrc", args: []string{"--netrc"}, env: []string{"NETRC=" + filepath.Join(t.TempDir(), "netrc")}, hidden: true, wants: basic(secret("netrc"))},
	}
}

// paths are what becomes of a download, by the first segment of its path.
var paths = map[string]int{
	"file": exitOK, "moved": exitOK, "away": exitProtocol, "around": exitProtocol, "nowhere": exitNetwork, "gone": exitHTTP, "broken": exitHTTP,
	"odd": exitProtocol, "short": exitNetwork,
}

// No secret is in a file of braid's, in what it prints, or in its arguments if
// it was not typed there. Rule C7.
func TestSecretsStaySecret(t *testing.T) {
	for _, w := range ways(t) {
		t.Run(w.name, func(t *testing.T) {
			s := keeper(t, w.wants)
			host := strings.TrimPrefix(s.URL, "http://")
			for _, pair := range w.env {
				key, value, _ := strings.Cut(pair, "=")
				t.Setenv(key, value)
				login := "machine " + host + " login me password " + secret("netrc") + "\n"
				if err := os.WriteFile(value, []byte(login), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for path, code := range paths {
				for _, form := range [][]string{nil, {"-q"}, {"--json"}} {
					dir := t.TempDir()
					args := append([]string{"get", "--retry", "1", "--retry-delay", "0.01", "-d", dir}, form...)
					args = append(append(args, w.args...), "http://"+w.userinfo+host+"/"+path+w.query)
					t.Run(strings.Join(append([]string{path}, form...), " "), func(t *testing.T) {
						got, out, problems := run(t, args...)
						if got != code {
							t.Errorf("exit %d, want %d: %s", got, code, problems)
						}
						wantNoCanary(t, "stdout", []byte(out))
						wantNoCanary(t, "stderr", []byte(problems))
						wantNoCanaryIn(t, dir)
					})
				}
			}
			t.Run("a wrong password", func(t *testing.T) {
				code, out, problems := run(t, "get", "-d", t.TempDir(), "http://me:"+secret("wrong")+"@"+host+"/gone?"+secret("query"))
				if code != exitAuth {
					t.Errorf("exit %d, want %d", code, exitAuth)
				}
				wantNoCanary(t, "stdout and stderr", []byte(out+problems))
			})
			t.Run("killed", func(t *testing.T) { killed(t, w, host) })
		})
	}
}

// killed kills a process in the middle of a download, looks at all that can be
// seen of it, and lets another one finish.
func killed(t *testing.T, w way, host string) {
	dir := t.TempDir()
	args := append([]string{"get", "--json", "-x", "2", "-d", dir}, w.args...)
	args = append(args, "http://"+w.userinfo+host+"/slow/file"+w.query)
	victim := exec.Command("braid", args...)
	var out, problems bytes.Buffer
	victim.Stdout, victim.Stderr = &out, &problems
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	ck := filepath.Join(dir, "file.part.ck")
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if info, err := os.Stat(ck); err == nil && info.Size() > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Error("no checkpoint was written")
			break
		}
	}
	if w.hidden && runtime.GOOS == "linux" {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", victim.Process.Pid))
		if err != nil || len(line) == 0 {
			t.Errorf("%q, %v", line, err)
		}
		wantNoCanary(t, "the process list", line)
	}
	victim.Process.Kill()
	victim.Wait()
	wantNoCanary(t, "stdout", out.Bytes())
	wantNoCanary(t, "stderr", problems.Bytes())
	wantNoCanaryIn(t, dir)
	for _, args := range [][]string{{"status", filepath.Join(dir, "file")}, {"status", "--json", filepath.Join(dir, "file")}} {
		_, out, problems := run(t, args...)
		wantNoCanary(t, strings.Join(args[:2], " "), []byte(out+problems))
	}
	again, err := exec.Command("braid", args...).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, again)
	}
	wantNoCanary(t, "the second run", again)
	wantNoCanaryIn(t, dir)
}

// A proxy gets the password that is meant for it, the server does not, and
// nobody is told.
func TestProxyPasswordStaysSecret(t *testing.T) {
	var seen []http.Header
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Clone())
		if r.URL.Path == "/gone" {
			http.Error(w, secret("body"), http.StatusProxyAuthRequired)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("hello"))
	}))
	defer proxy.Close()
	u, _ := url.Parse(proxy.URL)
	u.User = url.UserPassword("me", secret("proxy"))
	for _, c := range []struct {
		proxy, path string
		code        int
	}{
		{u.String(), "/file", exitOK},
		{u.String(), "/gone", exitAuth},
		{"http://me:" + secret("proxy") + "@127.0.0.1:1", "/file", exitNetwork},
		{"http://me:" + secret("proxy") + "@[bad", "/file", exitNetwork},
		{"http://me:" + secret("proxy") + "@no-such-proxy.invalid", "/file", exitNetwork},
	} {
		for _, form := range []string{"--json", "-q", "--no-progress"} {
			dir := t.TempDir()
			braid := exec.Command("braid", "get", form, "--retry", "0", "-d", dir, "http://origin.example"+c.path)
			braid.Env = append(os.Environ(), "HTTP_PROXY="+c.proxy, "http_proxy="+c.proxy, "NO_PROXY=", "no_proxy=")
			out, _ := braid.CombinedOutput()
			if code := braid.ProcessState.ExitCode(); code != c.code {
				t.Errorf("%s by %s: exit %d, want %d: %s", c.path, c.proxy, code, c.code, out)
			}
			wantNoCanary(t, c.path+" by "+c.proxy, out)
			wantNoCanaryIn(t, dir)
		}
	}
	if len(seen) == 0 || seen[0].Get("Proxy-Authorization") == "" || seen[0].Get("Authorization") != "" {
		t.Errorf("the proxy saw %v", seen)
	}
}

// Logins of a .netrc stay with their host, however a redirect goes.
func TestNetrcStaysWithItsHost(t *testing.T) {
	var got []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("hello"))
	}))
	defer other.Close()
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		got = append(got, user+" "+password)
		http.Redirect(w, r, other.URL+"/f", http.StatusFound)
	}))
	defer first.Close()
	file := filepath.Join(t.TempDir(), "netrc")
	t.Setenv("NETRC", file)
	host := func(s *httptest.Server) string { return s.Listener.Addr().(*net.TCPAddr).String() }
	text := fmt.Sprintf("machine %s login one password 1\nmachine %s login two password 2\ndefault login three password 3\n", host(first), host(other))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--netrc", first.URL + "/f"}, "one 1,"},
		{[]string{first.URL + "/f"}, " ,"},
		{[]string{"--netrc", strings.Replace(first.URL, "://", "://one@", 1) + "/f"}, "one 1,"},
		{[]string{"--netrc", strings.Replace(first.URL, "://", "://me@", 1) + "/f"}, "me ,"},
		{[]string{"--netrc", strings.Replace(first.URL, "://", "://me:4@", 1) + "/f"}, "me 4,"},
		{[]string{"--netrc", "-H", "Authorization: Basic bWU6NQ==", first.URL + "/f"}, "me 5,"},
		{[]string{"--netrc", strings.Replace(first.URL, "127.0.0.1", "localhost", 1) + "/f"}, " ,"},
	} {
		got = nil
		if code, _, problems := run(t, append([]string{"get", "-d", t.TempDir()}, c.args...)...); code != 0 {
			t.Errorf("%v: exit %d, %s", c.args, code, problems)
		}
		if s := strings.Join(got[:2], ","); s != c.want {
			t.Errorf("%v: %q, want %q", c.args, s, c.want)
		}
	}
	// Of two URLs each has its own, or none.
	got = nil
	run(t, "get", "--netrc", "-j1", "-d", t.TempDir(), first.URL+"/f", strings.Replace(other.URL, "127.0.0.1", "localhost", 1)+"/g")
	if want := []string{"one 1", "", ""}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
