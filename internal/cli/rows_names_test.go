package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"braid/server"
)

func TestRowsDigests(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hold(t, s.digestRows())
}

// digestRows are of a pattern, whose digest is known from the first answer on.
func (s *site) digestRows() []requirement {
	all := make([]byte, 5000)
	server.PatternAt(all, 7, 0)
	const f = "GET /pattern/5000?seed=7"
	sum := sha256.Sum256(all)
	digest := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	is := hasFields("Repr-Digest", digest, "Content-Digest", "")
	return []requirement{
		{82, f, nil, 200, "", all, is},
		{82, "HEAD /pattern/5000?seed=7", nil, 200, "", []byte{}, is},
		{82, f, []string{"Range: bytes=10-18"}, 206, "bytes 10-18/5000", all[10:19], is},
		{82, f, []string{"Range: bytes=10-18,20-22"}, 206, "", nil, is},
		{83, f, []string{"Range: bytes=10-18", "Want-Content-Digest: sha-256=1"}, 206, "bytes 10-18/5000", all[10:19], is},
		{84, "GET /pattern/0", nil, 200, "", []byte{}, hasFields("Repr-Digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")},
		{85, f, []string{"Want-Repr-Digest: sha-512=3, sha-256=10"}, 200, "", all, is},
		{86, f, []string{"Want-Repr-Digest: md5=10, sha=9, crc32c=1"}, 200, "", all, nil},
		{87, f, []string{"Accept-Encoding: gzip"}, 200, "", all, is},
		{88, f, []string{"If-None-Match: *"}, 304, "", []byte{}, hasFields("Repr-Digest", "")},
		{88, f, []string{"Range: bytes=5000-"}, 416, "bytes */5000", nil, hasFields("Repr-Digest", "")},
	}
}

// Rows 82, 84, 87 and 88, of files, whose digests come after their first bytes.
func TestRowsFileDigests(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const hello, change = "{\"hello\": \"world\"}\n", "{\"hello\": \"again\"}\n"
	s.file(t, "hello.json", []byte(hello))
	s.file(t, "hello.json.gz", s.all)
	s.addr = served(t, "--precompressed", s.dir)
	c := dial(t, s.addr)
	digest := func(content string) string {
		sum := sha256.Sum256([]byte(content))
		return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	}
	if want := "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"; digest(hello) != want {
		t.Fatal(want)
	}
	known := func(name, content string) { // waits for it
		t.Helper()
		a := c.get("GET /" + name + ".sha256")
		if want := fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(content)), name); a.StatusCode != 200 || string(a.body) != want {
			t.Fatalf("%s.sha256: %s, %q, want %q", name, a.Status, a.body, want)
		}
	}
	known("hello.json", hello)
	known("hello.json.gz", string(s.all))
	known("empty", "")
	var rows []requirement
	for path, content := range map[string]string{"/hello.json": hello, "/empty": "", "/hello.json.gz": string(s.all)} {
		is := hasFields("Repr-Digest", digest(content), "Content-Digest", "")
		rows = append(rows, requirement{82, "GET " + path, nil, 200, "", []byte(content), is}, requirement{82, "HEAD " + path, nil, 200, "", []byte{}, is})
		if n := len(content); n > 0 {
			rows = append(rows, requirement{84, "GET " + path, []string{"Range: bytes=10-18"}, 206, fmt.Sprintf("bytes 10-18/%d", n), []byte(content[10:19]), is},
				requirement{82, "GET " + path, []string{"Range: bytes=1-2,10-18"}, 206, "", nil, is})
		}
	}
	s.hold(t, rows)
	if a := c.get("GET /hello.json", "Accept-Encoding: gzip"); a.Header.Get("Repr-Digest") != digest(string(s.all)) || !bytes.Equal(a.body, s.all) {
		t.Errorf("row 87: the variant has %v", a.Header)
	}
	s.file(t, "hello.json", []byte(change)) // of the same length, and as old
	for _, line := range []string{"HEAD /hello.json", "GET /hello.json"} {
		if got := c.get(line).Header.Get("Repr-Digest"); got != "" && got != digest(change) {
			t.Errorf("row 88: %s: another version's digest %s", line, got)
		}
	}
	known("hello.json", change)
	if got := c.get("GET /hello.json").Header.Get("Repr-Digest"); got != digest(change) {
		t.Errorf("row 88: afterwards it is %s", got)
	}
}

func TestRowsDownloadNames(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, name := range []string{"a b.txt", "€ rates", "100%.txt", `x"; filename="evil.html`, "{}.txt", "sub/plain.bin", "a'b(c)*.txt", "new\nline"} {
		s.file(t, name, s.all)
	}
	s.hold(t, s.nameRows())
}

func (s *site) nameRows() []requirement {
	is := func(row int, path, field, name string) requirement {
		return requirement{row, "GET /transfer/" + path, nil, 200, "", s.all, func(a answer) string {
			kind, params, err := mime.ParseMediaType(a.Header.Get("Content-Disposition"))
			if err != nil || kind != "attachment" || params["filename"] != name || a.Header.Get("Content-Type") != "application/octet-stream" {
				return a.Header.Get("Content-Disposition") + " does not read as " + name
			}
			return hasFields("Content-Disposition", field)(a)
		}}
	}
	return []requirement{
		is(89, "a%20b.txt", `attachment; filename="a b.txt"`, "a b.txt"),
		is(89, "sub/plain.bin", `attachment; filename="plain.bin"`, "plain.bin"),
		is(89, "new%0Aline", `attachment; filename="new_line"`, "new_line"),
		is(90, "%E2%82%AC%20rates", `attachment; filename="_ rates"; filename*=UTF-8''%E2%82%AC%20rates`, "€ rates"),
		is(90, "100%25.txt", `attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt`, "100%.txt"),
		is(91, "x%22;%20filename=%22evil.html", `attachment; filename="x_; filename=_evil.html"; filename*=UTF-8''x%22%3B%20filename%3D%22evil.html`, `x"; filename="evil.html`),
		is(92, "%7B%7D.txt", `attachment; filename="{}.txt"`, "{}.txt"),
		is(92, "a'b(c)*.txt", `attachment; filename="a'b(c)*.txt"`, "a'b(c)*.txt"),
		{89, "GET /transfer/a%20b.txt", []string{"Range: bytes=5-6"}, 206, "bytes 5-6/10000", s.all[5:7], hasFields("Content-Disposition", `attachment; filename="a b.txt"`)},
		{89, "GET /a%20b.txt", nil, 200, "", s.all, hasFields("Content-Disposition", "")},
	}
}

func TestRowsPaths(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(s.dir), "secret"), []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.txt", "sub/b.txt", "sub/index.html"} {
		s.file(t, name, []byte("public"))
	}
	for _, name := range []string{".env", ".git/config"} {
		s.file(t, name, []byte("secret"))
	}
	for link, target := range map[string]string{
		"in": "sub/b.txt", "indir": "sub", "out": "../secret", "outdir": "..", "absolute": filepath.Join(filepath.Dir(s.dir), "secret"), "loop": "loop",
	} {
		if err := os.Symlink(target, filepath.Join(s.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	s.hold(t, s.pathRows())
}

func (s *site) pathRows() []requirement {
	var rows []requirement
	add := func(row, status int, paths ...string) {
		for _, path := range paths {
			rows = append(rows, requirement{row, "GET " + path, nil, status, "", nil, func(a answer) string {
				switch {
				case strings.Contains(string(a.body), "secret"):
					return "it gives the secret away"
				case status == http.StatusOK && string(a.body) != "public":
					return "it is another file"
				}
				return ""
			}})
		}
	}
	long := strings.Repeat("x", 4100)
	add(93, 404, "/../secret", "/%2e%2e/secret", "/..%2fsecret", "/..%5csecret", "/%252e%252e/secret", "/%c0%ae%c0%ae/secret", "//secret", "//x/y",
		"/..;/secret", "/sub/../../secret", "/sub/../a.txt", `/..\secret`, "/./a.txt", "/sub//b.txt", "/%2e/a.txt",
		"/transfer/../secret", "/transfer/../../secret", "/transfer//a.txt", "http://x/../secret")
	add(94, 404, "/a.txt%00", "/a.txt%00.html", "/%ff")
	add(94, 400, "/a%", "/a%zz", "/a\x00.txt", "/a.txt%0")
	add(95, 200, "/%61.txt", "/%61%2E%74%78%74", "/a.txt?x=y", "/a.txt?", "/sub/%62.txt")
	add(95, 404, "/sub%2fb.txt", "/sub%2Fb.txt", "/transfer/sub%2Fb.txt", "/sub%5cb.txt")
	add(96, 200, "/in", "/indir/b.txt")
	add(96, 404, "/out", "/outdir/secret", "/outdir/", "/absolute", "/loop")
	add(97, 404, "/.env", "/.git/config", "/.git/", "/.nope", "/%2eenv", "/transfer/.env")
	rows = append(rows,
		requirement{99, "GET /sub", nil, 301, "", nil, hasFields("Location", "./sub/")},
		requirement{99, "GET /sub?x=y", nil, 301, "", nil, hasFields("Location", "./sub/")},
		requirement{99, "GET //sub", nil, 404, "", nil, hasFields("Location", "")},
		requirement{99, "GET //evil.example/..", nil, 404, "", nil, hasFields("Location", "")})
	add(100, 404, "/a.txt/", "/a.txt/x", "/sub/b.txt/")
	add(100, 200, "/sub/index.html")
	add(101, 404, "/"+long, "/transfer/"+long, "/sub/"+long)
	return rows
}
