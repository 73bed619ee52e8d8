package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Clients get the right bytes from braid serve, whole and in parts.
func TestPeersGetFromServe(t *testing.T) {
	dir, sum := peerFile(t)
	peers(t, dir, serve(t, dir), sum)
}

// The same over TLS, where HTTP/2 is spoken to who asks for it.
func TestPeersGetFromServeOverTLS(t *testing.T) {
	dir, sum := peerFile(t)
	url := serve(t, "--tls-self-signed", dir)
	if !strings.HasPrefix(url, "https://") {
		t.Fatalf("the URL is %s", url)
	}
	peers(t, dir, url, sum)
	t.Run("curl --http2", func(t *testing.T) {
		t.Parallel()
		program(t, "curl")
		home := t.TempDir()
		for _, version := range []string{"2", "1.1"} {
			curl := []string{"curl", "-q", "-sSf", "-k", "--http" + version, "-w", "%{http_version}"}
			whole := append(curl[:len(curl):len(curl)], "-o", "out", url+"big.bin")
			if got := string(ran(t, home, whole...)); got != version || sumOf(t, filepath.Join(home, "out")) != sum {
				t.Errorf("HTTP/%s: the version is %s, or the file is wrong", version, got)
			}
			tail := append(curl[:len(curl):len(curl)], "-r", "-4321", "-o", "tail", url+"big.bin")
			if got := string(ran(t, home, tail...)); got != version {
				t.Errorf("HTTP/%s: the version of a range is %s", version, got)
			}
			want, err := os.ReadFile(filepath.Join(dir, "big.bin"))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(filepath.Join(home, "tail")); err != nil || !bytes.Equal(got, want[peerSize-4321:]) {
				t.Errorf("HTTP/%s: a range of %d bytes, %v", version, len(got), err)
			}
		}
	})
}

// peers lets clients fetch big.bin of dir from url, in all the ways they have.
func peers(t *testing.T, dir, url string, sum [32]byte) {
	big := url + "big.bin"
	insecure := func(flag string) []string {
		if strings.HasPrefix(url, "https:") {
			return []string{flag}
		}
		return nil
	}
	curl := append([]string{"curl", "-q", "-sSf"}, insecure("-k")...)
	wget := append([]string{"wget", "--no-config", "-q"}, insecure("--no-check-certificate")...)
	aria2c := append([]string{"aria2c", "--no-conf", "-q", "-k1M", "-o", "out"}, insecure("--check-certificate=false")...)
	axel := append([]string{"axel", "-q", "-n", "16", "-o", "out"}, insecure("-k")...)
	braid := append([]string{"braid", "get", "-q", "-o", "out"}, insecure("--insecure")...)
	with := func(command []string, args ...string) [][]string {
		return [][]string{append(command[:len(command):len(command)], args...)}
	}
	half := func(t *testing.T, path string) {
		t.Helper()
		whole, err := os.ReadFile(filepath.Join(dir, "big.bin"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, whole[:peerSize/2], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name     string
		commands [][]string // of ranges: what they print goes into the file out
		before   func(t *testing.T, path string)
	}{
		{"curl plain", with(curl, "-o", "out", big), nil},
		{"curl -C -", with(curl, "-C", "-", "-o", "out", big), half},
		{"curl -r", append(with(curl, "-r", "0-999", big), with(curl, "-r", "1000-", url+"transfer/big.bin")...), nil},
		{"curl -r of a suffix", append(with(curl, "-r", "0-999", big), with(curl, "-r", fmt.Sprint(1000-peerSize), big)...), nil},
		{"curl -OJ of a transfer", append(with(curl, "-OJ", url+"transfer/big.bin"), []string{"mv", "big.bin", "out"}), nil},
		{"wget", with(wget, "-O", "out", big), nil},
		{"wget -c", with(wget, "-c", "-O", "out", big), half},
		{"aria2c -x16", with(aria2c, "-x16", "-s16", big), nil},
		{"axel -n 16", with(axel, big), nil},
		{"braid get", with(braid, big), nil},
		{"braid get -x 16", with(braid, "-x", "16", big), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			program(t, c.commands[0][0])
			home := t.TempDir()
			path := filepath.Join(home, "out")
			if c.before != nil {
				c.before(t, path)
			}
			for _, argv := range c.commands {
				printed := ran(t, home, argv...)
				if !strings.Contains(c.name, " -r") {
					continue
				}
				out, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := out.Write(printed); err != nil {
					t.Fatal(err)
				}
				if err := out.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if sumOf(t, path) != sum {
				t.Fatal("the file is wrong")
			}
		})
	}

	t.Run("curl -r of several ranges", func(t *testing.T) {
		t.Parallel()
		program(t, "curl")
		home := t.TempDir()
		body := ran(t, home, with(curl, "-D", "header", "-r", "5-6,-3,1000-1999", big)[0]...)
		header, err := os.ReadFile(filepath.Join(home, "header"))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(filepath.Join(dir, "big.bin"))
		if err != nil {
			t.Fatal(err)
		}
		_, boundary, _ := strings.Cut(string(header), "boundary=")
		boundary, _, _ = strings.Cut(boundary, "\r")
		var want bytes.Buffer
		for _, s := range [][2]int{{5, 7}, {peerSize - 3, peerSize}, {1000, 2000}} {
			fmt.Fprintf(&want, "--%s\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes %d-%d/%d\r\n\r\n%s\r\n",
				boundary, s[0], s[1]-1, peerSize, whole[s[0]:s[1]])
		}
		fmt.Fprintf(&want, "--%s--\r\n", boundary)
		if boundary == "" || !bytes.Equal(body, want.Bytes()) {
			t.Errorf("%d bytes, not the %d expected, after\n%s", len(body), want.Len(), header)
		}
	})
	// What came once is not sent again, by either validator.
	t.Run("curl --etag-compare", func(t *testing.T) {
		t.Parallel()
		program(t, "curl")
		home := t.TempDir()
		status := func(want string, args ...string) {
			t.Helper()
			got := ran(t, home, with(curl, append([]string{"-w", "%{http_code} %{size_download}", "-o", "out", big}, args...)...)[0]...)
			if string(got) != want {
				t.Errorf("%v: %s, want %s", args, got, want)
			}
		}
		status(fmt.Sprint("200 ", peerSize), "--etag-save", "etag", "-R")
		status("304 0", "--etag-compare", "etag")
		status("304 0", "-z", "out")
		if err := os.WriteFile(filepath.Join(home, "etag"), []byte(`"another"`), 0o644); err != nil {
			t.Fatal(err)
		}
		status(fmt.Sprint("200 ", peerSize), "--etag-compare", "etag")
	})
	t.Run("wget -N", func(t *testing.T) {
		t.Parallel()
		program(t, "wget")
		home := t.TempDir()
		path := filepath.Join(home, "big.bin")
		ran(t, home, with(wget, "-N", big)[0]...)
		got, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.Stat(filepath.Join(dir, "big.bin"))
		if err != nil {
			t.Fatal(err)
		}
		if !got.ModTime().Equal(want.ModTime().Truncate(time.Second)) || sumOf(t, path) != sum {
			t.Errorf("the file is of %v, not of %v, or wrong", got.ModTime(), want.ModTime())
		}
		ran(t, home, with(wget, "-nv", "-S", "-o", "log", "-N", big)[0]...)
		if log, err := os.ReadFile(filepath.Join(home, "log")); err != nil || !strings.Contains(string(log), " 304 Not Modified") {
			t.Errorf("the next time: %v\n%s", err, log)
		}
	})
}

// ran runs a command in a folder and returns what it prints.
func ran(t *testing.T, dir string, argv ...string) []byte {
	t.Helper()
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir = dir
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, said.String())
	}
	return out.Bytes()
}
