package cli

import "testing"

func TestOneHostHasManySpellings(t *testing.T) {
	h := newHosts(4)
	for _, url := range []string{"http://Example.com/f", "http://example.com:80/f", "https://example.com:443/f", "https://me@EXAMPLE.com:/f"} {
		if h.at(hostOf(url)) != h.at("example.com") {
			t.Errorf("%s is of another host", url)
		}
	}
	for _, name := range []string{"example.com:8080", "example.com:4430", "example.org", "[::1]", "[::80]"} {
		if h.at(name) == h.at("example.com") {
			t.Errorf("%s is of the same host", name)
		}
	}
	if h.at("[::1]:80") != h.at("[::1]") || h.at("[::80]") == h.at("[:]") {
		t.Error("an address is not one host")
	}
}
