package ui

import (
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"time"

	"braid/scheduler"
)

// label is what a download is called on the screen: its file, else the last
// part of its URL, else the host.
func label(output, rawURL string) string {
	if output != "" {
		return Safe(filepath.Base(output))
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return "download"
	}
	if base := path.Base(u.Path); base != "." && base != "/" {
		return Safe(base)
	}
	return Safe(u.Host)
}

// host is the host that rawURL names.
func host(rawURL string) string {
	if u, err := url.Parse(rawURL); err == nil && u.Host != "" {
		return Safe(u.Host)
	}
	return "the server"
}

// Size writes n bytes with one decimal, in powers of 1024.
func Size(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n), -1
	for ; v >= 1023.95; unit++ { // what would be written 1024.0 is 1.0 of the next
		v /= 1024
	}
	return fmt.Sprintf("%.1f %ciB", v, "KMGTPE"[unit])
}

func speed(bytesPerSecond float64) string { return Size(int64(bytesPerSecond)) + "/s" }

// span writes a duration in its two largest units: 0.8s, 41s, 1m02s, 2h05m,
// 3d04h.
func span(d time.Duration) string {
	if d < 10*time.Second {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + "s"
	}
	s := int64(d.Round(time.Second).Seconds())
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 100*3600:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
}

// left is how long the rest will take, in whole seconds, or "" if nobody can
// tell.
func left(s scheduler.Stats) string {
	if eta := s.ETA(); eta >= 0 && s.Written < s.Size {
		return span(max(eta.Round(time.Second), time.Second))
	}
	return ""
}

// percent rounds down: 100% is said only when it is true.
func percent(part, whole int64) string {
	if whole <= 0 {
		return "100%"
	}
	return fmt.Sprintf("%d%%", int(float64(part)/float64(whole)*100))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if strings.HasSuffix(what, "y") {
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// progressLine is how a transfer stands, in one line.
func progressLine(name string, s scheduler.Stats) string {
	parts := []string{speed(s.Rate)}
	if eta := left(s); eta != "" {
		parts = append(parts, eta+" left")
	}
	parts = append(parts, count(s.Active, "connection"))
	if s.Retries > 0 {
		parts = append(parts, count(s.Retries, "retry"))
	}
	have := Size(s.Written)
	if s.Size >= 0 {
		have = percent(s.Written, s.Size) + " " + have + " of " + Size(s.Size)
	}
	return name + ": " + have + ", " + strings.Join(parts, ", ")
}

// resultLine is how a transfer ended well, in one line.
func resultLine(name string, r Result) string {
	line := fmt.Sprintf("%s  %s in %s", name, Size(r.Bytes), span(r.Elapsed))
	if r.Wire > 0 && r.Elapsed > 0 {
		line += " (" + speed(float64(r.Wire)/r.Elapsed.Seconds()) + ")"
	}
	if r.Resumed > 0 {
		line += ", " + Size(r.Resumed) + " of it from an earlier run"
	}
	if r.Verified != "" {
		algorithm, _, _ := strings.Cut(r.Verified, ":")
		line += ", " + Safe(algorithm) + " verified"
	}
	if r.Retries > 0 {
		line += ", " + count(r.Retries, "retry")
	}
	return line
}

// errorLine is how a transfer failed, and what to do about it, in one line. It
// names the file once, even if the error does so too.
// size is the file's, as far as it is known.
func (o Options) errorLine(name string, size int64, r Result) string {
	line := o.text(r.Err.Error())
	if r.Kind == "signal" && r.Resumable && r.Saved > 0 && size > 0 {
		line += " at " + percent(r.Saved, size) + ", " + Size(r.Saved) + " of " + Size(size) + " are saved"
	}
	if !strings.HasPrefix(line, name+":") && !strings.HasPrefix(line, name+" ") {
		line = name + ": " + line
	}
	if r.Hint != "" {
		line += "; " + o.text(r.Hint)
	}
	return line
}

// retryLine says that something is asked for again, and why.
func (o Options) retryLine(name string, e scheduler.Event) string {
	line := name + ": "
	if e.Err != nil {
		line += o.text(e.Err.Error()) + "; "
	}
	line += "asking again in " + span(max(e.Wait, 100*time.Millisecond))
	if 0 < e.Try && e.Try <= o.Retries {
		line += fmt.Sprintf(" (%d of %d)", e.Try, o.Retries)
	}
	return line
}

// exitLine is how several downloads ended.
func exitLine(x Exit) string {
	line := fmt.Sprintf("%d of %d done", x.OK, x.OK+x.Failed)
	if x.Failed > 0 && x.Code < 128 { // after a signal the rest was not tried
		line += fmt.Sprintf(", %d failed", x.Failed)
	}
	return line
}
