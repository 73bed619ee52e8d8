package source

import (
	"fmt"
	"strings"
	"testing"

	"braid/scheduler/source/nametest"
)

func TestName(t *testing.T) {
	long := strings.Repeat("x", 300)
	rows := []struct{ path, want string }{
		// What there is to take.
		{"", "index.html"},
		{"/", "index.html"},
		{"/dir/", "index.html"},
		{"/?file=a.zip", "index.html"},
		{"/a.zip", "a.zip"},
		{"/dir/a.zip", "a.zip"},
		{"//a.zip", "a.zip"},
		{"/a.zip?token=x/y.exe", "a.zip"},
		{"/a.zip#frag/y.exe", "a.zip"},
		{"/get.php?name=a.zip", "get.php"},
		{"/a;v=1", "a;v=1"},
		{"/a+b.zip", "a+b.zip"},
		{"/a=b&c.zip", "a=b&c.zip"},
		{"/README", "README"},
		{"/Ünïcödé.txt", "Ünïcödé.txt"},
		{"/%E6%97%A5%E6%9C%AC.iso", "日本.iso"},
		{"/a%20b.zip", "a b.zip"},
		{"/~user", "~user"},
		{"/-rf", "-rf"},
		{"/linux-6.1.tar.xz", "linux-6.1.tar.xz"},

		// Decoded once, and not into a path.
		{"/a%2520b", "a%20b"},
		{"/a%252Fb", "a%2Fb"},
		{"/a%2Fb", "a_b"},
		{"/a%2fb%2Fc", "a_b_c"},
		{"/a%5Cb", "a_b"},
		{`/a\b`, "a_b"},
		{"/..%2F..%2Fetc%2Fpasswd", "__.._etc_passwd"},
		{"/%2e%2e%2fx", "__x"},
		{"/%2Fetc%2Fpasswd", "_etc_passwd"},
		{"/c:%5Cwindows%5Cx", "c__windows_x"},

		// Control and formatting characters.
		{"/a%00b", "a_b"},
		{"/a%0Ab", "a_b"},
		{"/a%0D%0Ab", "a__b"},
		{"/a%1B%5B2Jb", "a_[2Jb"},
		{"/a%7Fb", "a_b"},
		{"/a%C2%85b", "a_b"},
		{"/a%C2%9Bb", "a_b"},
		{"/a%FFb", "a_b"},
		{"/a%C0%AFb", "a_b"},
		{"/a%E2%80%AEgpj.exe", "a_gpj.exe"},
		{"/a%E2%81%A6b", "a_b"},
		{"/a%E2%80%8Eb", "a_b"},
		{"/a%D8%9Cb", "a_b"},
		{"/a%E2%80%A8b", "a_b"},
		{"/a%EF%BB%BFb", "a_b"},
		{"/a%C2%ADb", "a_b"},
		{"/%E2%80%8D", "download"},
		{"/%E2%80%8Da", "a"},
		{"/a%E2%80%8D", "a\u200d"},
		{"/%E2%9D%A4%EF%B8%8F.png", "❤\ufe0f.png"},
		{"/a%EF%B8%80b", "a_b"},
		{"/a%E3%85%A4b", "a_b"},
		{"/e%CC%81", "\u00e9"},
		{"/e%E2%80%AE%CC%81", "e_\u0301"},
		{"/%F0%9F%91%A9%E2%80%8D%F0%9F%94%AC.png", "👩\u200d🔬.png"},

		// What shells and Windows read into a name.
		{"/a:b", "a_b"},
		{"/a.txt:stream", "a.txt_stream"},
		{"/a*b%3Fc", "a_b_c"},
		{`/a%3Cb%3Ec%22d%7Ce`, "a_b_c_d_e"},
		{"/CON", "_CON"},
		{"/con", "_con"},
		{"/con.txt", "_con.txt"},
		{"/Con.tar.gz", "_Con.tar.gz"},
		{"/con%20.txt", "_con .txt"},
		{"/con.", "_con"},
		{"/PRN", "_PRN"},
		{"/AUX", "_AUX"},
		{"/nul.zip", "_nul.zip"},
		{"/COM0", "_COM0"},
		{"/com1.log", "_com1.log"},
		{"/COM9", "_COM9"},
		{"/COM%C2%B9", "_COM¹"},
		{"/COM10", "COM10"},
		{"/COM", "COM"},
		{"/LPT1", "_LPT1"},
		{"/lpt%C2%B3.x", "_lpt³.x"},
		{"/LPTx", "LPTx"},
		{"/CONIN$", "_CONIN$"},
		{"/conout$", "_conout$"},
		{"/console", "console"},
		{"/null", "null"},
		{"/auxiliary.c", "auxiliary.c"},

		// Dots and spaces.
		{"/.", "download"},
		{"/..", "download"},
		{"/...", "download"},
		{"/%2E%2E", "download"},
		{"/%20", "download"},
		{"/%20.%20", "download"},
		{"/%00", "download"},
		{"/%2F", "download"},
		{"/___", "download"},
		{"/.bashrc", "_bashrc"},
		{"/..bashrc", "_bashrc"},
		{"/%20.bashrc", "_bashrc"},
		{"/.ssh%2Fauthorized_keys", "_ssh_authorized_keys"},
		{"/a.", "a"},
		{"/a...", "a"},
		{"/a%20", "a"},
		{"/a.%20.", "a"},
		{"/a.zip%20", "a.zip"},
		{"/a.zip%E3%80%80", "a.zip"},
		{"/%20a", "a"},
		{"/a%09", "a_"},
		{"/_a", "_a"},
		{"/a..b", "a..b"},

		// Files of a sink.
		{"/foo.part", "foo.part_"},
		{"/foo.part.ck", "foo.part.ck_"},
		{"/foo.part.ck.lock", "foo.part.ck.lock_"},
		{"/foo.part.bad", "foo.part.bad_"},
		{"/foo.part.bad.1", "foo.part.bad.1_"},
		{"/foo.part.bad.27", "foo.part.bad.27_"},
		{"/foo.PART", "foo.PART_"},
		{"/foo.Part.cK", "foo.Part.cK_"},
		{"/foo.part.c%E2%84%AA", "foo.part.cK_"}, // a Kelvin
		{"/foo.pa%E2%80%8Drt", "foo.pa\u200drt_"},
		{"/foo.pa%EF%B8%8Frt", "foo.pa\ufe0frt_"},
		{"/foo.part.", "foo.part_"},
		{"/foo.part.ck%20", "foo.part.ck_"},
		{"/foo%2Epart", "foo.part_"},
		{"/con.part", "_con.part_"},
		{"/.part", "_part"},
		{"/part", "part"},
		{"/foo.part_", "foo.part_"},
		{"/foo.part.bad.x", "foo.part.bad.x"},
		{"/foo.part.ck.1", "foo.part.ck.1"},
		{"/foo.part1.rar", "foo.part1.rar"},
		{"/foo.part.rar", "foo.part.rar"},
		{"/foo.ck", "foo.ck"},

		// Length.
		{"/" + long, long[:198]},
		{"/" + long + ".zip", long[:194] + ".zip"},
		{"/" + long + ".tar.gz", long[:191] + ".tar.gz"},
		{"/" + long + ".part1.rar", long[:188] + ".part1.rar"},
		{"/" + long + ".not short.gz", long[:195] + ".gz"},
		{"/" + long + "." + long, long[:198]},
		{"/" + long[:197] + "é", long[:197]},
		{"/" + long[:194] + "%20%20%20%20%20.zip", long[:194] + ".zip"},
		{"/" + strings.Repeat("é", 150) + ".iso", strings.Repeat("é", 97) + ".iso"},
		{"/con." + long, "_con." + long[:194]},
		{"/" + long[:198], long[:198]},
		{"/con." + long + ".part", "_con." + long[:189] + ".part_"},
		{"/" + long[:193] + ".part" + long, long[:193] + ".part_"},
	}
	for _, row := range rows {
		got := Name("https://example.com" + row.path)
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.path, got, row.want)
		}
		if harm := nametest.Harm(got); harm != "" {
			t.Errorf("%s: %q %s", row.path, got, harm)
		}
	}
	for _, raw := range []string{"", "://", "http://[::1", "https://example.com/%zz", "https://example.com/\x00"} {
		if got := Name(raw); got != "download" && got != "index.html" {
			t.Errorf("%q: %q", raw, got)
		}
	}
}

// percent writes every byte of s as %XX.
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func TestHostileNames(t *testing.T) {
	all := nametest.Hostile()
	if len(all) < 300 {
		t.Errorf("%d names", len(all))
	}
	for _, h := range all {
		for how, got := range map[string]string{
			"in a URL":    Name("https://example.com/" + percent(h.Raw)),
			"in a quote":  quoted(h.Raw),
			"in RFC 8187": disposed("attachment; filename*=UTF-8''" + percent(h.Raw)),
			"in Latin-1":  disposed("attachment; filename*=ISO-8859-1''" + percent(h.Raw)),
		} {
			if harm := nametest.Harm(got); harm != "" {
				t.Errorf("%s, %q %s: %q %s", h.Why, h.Raw, how, got, harm)
			}
		}
	}
	t.Logf("%d names, in four forms", len(all))
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"a.zip", "%2e%2e%2f", "con.txt", "%E2%80%AE", strings.Repeat("é", 150) + ".iso", "%ff.%20"} {
		f.Add(s)
	}
	for _, h := range nametest.Hostile() {
		f.Add(percent(h.Raw))
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := Name("https://example.com/" + s)
		if harm := nametest.Harm(name); harm != "" {
			t.Errorf("%q %s", name, harm)
		}
		if again := safeName(name); again != name && len(name) <= maxName-2 {
			t.Errorf("%q becomes %q", name, again)
		}
	})
}

func TestLauncher(t *testing.T) {
	for name, want := range map[string]bool{
		"a.desktop": true, "a.URL": true, "a.webloc": true, "a.lnk": true, "x.y.scf": true, "run.Command": true,
		"": false, "a": false, "desktop": false, "a.url.zip": false, "a.sh": false,
	} {
		if Launcher(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}
