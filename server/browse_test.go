package server

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A cutter cuts the first response to a download short, at so many bytes of its content.
type cutter struct {
	h    http.Handler
	at   int64
	done atomic.Bool
}

func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/transfer/") && !c.done.Swap(true) {
		w = &cutWriter{w, c.at}
	}
	c.h.ServeHTTP(w, r)
}

type cutWriter struct {
	http.ResponseWriter
	left int64
}

func (w *cutWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *cutWriter) Write(p []byte) (int, error) {
	if int64(len(p)) > w.left {
		w.ResponseWriter.Write(p[:w.left])
		http.NewResponseController(w.ResponseWriter).Flush()
		return 0, io.ErrClosedPipe
	}
	w.left -= int64(len(p))
	return w.ResponseWriter.Write(p)
}

// A person opens the page, sorts it with the mouse and the keyboard, looks for a name, enters a folder, copies commands
// and downloads a file over a connection that breaks.
func TestInBrowser(t *testing.T) {
	dir := t.TempDir()
	content := patterned(6 << 20)
	oldFile(t, filepath.Join(dir, "big image.iso"), content)
	oldFile(t, filepath.Join(dir, "b.txt"), patterned(70))
	oldFile(t, filepath.Join(dir, "a.txt"), patterned(700))
	age(t, filepath.Join(dir, "a.txt"), -100*24*time.Hour)
	for i := range 2 * worthFiltering {
		oldFile(t, filepath.Join(dir, "many", fmt.Sprintf("frame %02d.exr", i)), nil)
	}
	oldFile(t, filepath.Join(dir, "many", "two  spaces"), nil)
	odd := "it's $(touch pwned);`x`"
	nasty := slices.DeleteFunc(nastyNames()[20:60], func(n string) bool { return !servable(n) || strings.Contains(n, "/") })
	for _, n := range nasty {
		oldFile(t, filepath.Join(dir, odd, n), []byte(n))
	}
	os.Mkdir(filepath.Join(dir, "empty"), 0o755)

	var mu sync.Mutex
	var log []Access
	h, err := New(Options{Root: dir, Pattern: true, Log: func(a Access) {
		mu.Lock()
		defer mu.Unlock()
		log = append(log, a)
	}})
	if err != nil {
		t.Fatal(err)
	}
	at := serveAt(t, &cutter{h: h, at: 2 << 20})
	host := strings.TrimPrefix(at, "http://")
	s := surf(t)
	s.seeing(1000, "light")

	t.Run("sort", func(t *testing.T) {
		s.t = t
		s.open(at)
		s.is(names, "empty "+odd+" many a.txt b.txt big image.iso")
		s.follow(click("#by-size"))
		s.is(names, "empty "+odd+" many big image.iso a.txt b.txt")
		s.is(`document.querySelector('[aria-sort]').textContent + document.querySelector('[aria-sort]').ariaSort`, "Sizedescending")
		s.is(`document.activeElement.id`, "by-size")
		s.follow(chromedp.KeyEvent(kb.Enter)) // the keyboard is where the mouse was
		s.is(names, "empty "+odd+" many b.txt a.txt big image.iso")
		s.do(chromedp.KeyEvent(kb.Tab))
		s.follow(chromedp.KeyEvent(kb.Enter))
		s.is(`document.activeElement.id`, "by-date")
		s.is(`document.querySelector('tbody tr:last-child bdi').textContent`, "a.txt")
		s.open(at)
		s.do(chromedp.KeyEvent(kb.Tab))
		s.is(`document.activeElement.className`, "skip")
		s.do(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Tab))
		s.is(`document.activeElement.id`, "by-name")
		s.is(`getComputedStyle(document.activeElement).outlineStyle`, "solid")
	})

	t.Run("folder", func(t *testing.T) {
		s.t = t
		s.open(at)
		s.follow(click(`a[href="./many/"]`))
		s.is(`location.pathname + document.title`, "/many//many/")
		s.press("/")
		s.is(`document.activeElement.name`, "q")
		s.do(chromedp.KeyEvent("ME 07"))
		s.follow(chromedp.KeyEvent(kb.Enter))
		s.is(names, "frame 07.exr")
		s.follow(click(`h1 a`))
		s.is(`location.pathname`, "/")
		s.follow(click(`a[href="./empty/"]`))
		s.is(`document.querySelector('main').textContent.trim()`, "This folder is empty.")
	})

	t.Run("commands", func(t *testing.T) {
		s.t = t
		l := newListing(false, newDigests())
		s.allow("clipboard-read", "clipboard-write")
		const commands = `[...document.querySelectorAll('code')].map(e => e.textContent).join('\n')`
		for _, n := range nasty { // the script writes what Go does, of which it is known what shells make
			target := "/it's%20$(touch%20pwned);`x`/?file=" + url.QueryEscape(n)
			s.open(at + target)
			want := ""
			for _, c := range l.fileView(odd, entry{Name: n, hashable: true}, &http.Request{Host: host, RequestURI: target}, time.Now()).Commands {
				want += "\n" + c.Before + c.URL + c.After
			}
			s.is(commands, want[1:])
		}
		want := "curl -C - -o 'big image.iso' " + at + "/big%20image.iso"
		s.open(at)
		s.follow(click(`tr:last-child a[title=Commands]`))
		s.do(click(`dd:nth-of-type(2) .copy`))
		s.do(chromedp.WaitReady(chromedp.JSPath(`document.querySelector('[role=status]:not(:empty)')`)))
		if got := eval[string](s, `navigator.clipboard.readText()`); got != want {
			t.Errorf("copied %q, want %q", got, want)
		}

		// Behind a proxy that puts the folder elsewhere, and where there is no clipboard for want of TLS.
		target := must(url.Parse(at))
		proxy := serveAt(t, http.StripPrefix("/mirror", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}))
		remote := strings.Replace(proxy, "127.0.0.1", "remote.test", 1) + "/mirror/"
		s.open(remote + "many/")
		s.follow(click(`tr:last-child a[title=Commands]`))
		s.is(`location.href`, remote+"many/?file=two%20%20spaces")
		s.is(`navigator.clipboard`, "undefined")
		s.do(click(`dd:nth-of-type(2) .copy`))
		s.do(chromedp.WaitReady(chromedp.JSPath(`document.querySelector('[role=status]:not(:empty)')`)))
		s.open(at)
		if got, want := eval[string](s, `navigator.clipboard.readText()`), "curl -C - -o 'two  spaces' "+remote+"many/two%20%20spaces"; got != want {
			t.Errorf("copied %q without a clipboard, want %q", got, want)
		}
	})

	t.Run("without script", func(t *testing.T) {
		s.t = t
		set := func(off bool) {
			if _, err := chromedp.Call(s.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off}); err != nil {
				t.Fatal(err)
			}
		}
		set(true)
		defer set(false)
		s.open(at)
		s.follow(click("#by-size"))
		s.is(names, "empty "+odd+" many big image.iso a.txt b.txt")
		s.follow(click(`tr:last-child a[title=Commands]`))
		s.is(`[...document.querySelectorAll('code')].map(e => e.textContent)[0]`, "braid "+at+"/b.txt")
		s.is(`[...document.querySelectorAll('.copy')].filter(b => b.checkVisibility()).length`, "0")
	})

	t.Run("looks", func(t *testing.T) {
		s.t = t
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{320, 1000} {
				s.seeing(width, scheme)
				for _, path := range []string{"/", "/" + url.PathEscape(odd) + "/", "/many/?q=7", "/many/?q=nope", "/empty/", "/?file=a.txt",
					"/" + url.PathEscape(odd) + "/?file=" + url.QueryEscape(nasty[len(nasty)-1])} {
					s.open(at + path)
					if w := eval[int64](s, `document.documentElement.scrollWidth`); w > width {
						t.Errorf("%s is %d wide on a screen of %d", path, w, width)
					}
					if faint := eval[string](s, faintest); faint != "" {
						t.Errorf("%s, %s: %s", path, scheme, faint)
					}
				}
			}
		}
		s.seeing(1000, "light")
	})

	t.Run("download", func(t *testing.T) {
		s.t = t
		saved := t.TempDir()
		yes := true
		if _, err := chromedp.CallBrowser(s.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
			Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: saved, EventsEnabled: &yes}); err != nil {
			t.Fatal(err)
		}
		progress := chromedp.BrowserEvents(s.ctx, browser.DownloadProgress)
		s.open(at + "/?file=" + url.QueryEscape("big image.iso"))
		mu.Lock()
		before := len(log)
		mu.Unlock()
		s.do(click("a[download]"))
		for p, err := range progress {
			if err != nil {
				t.Fatal(err)
			}
			if p.State == browser.DownloadProgressStateCanceled {
				t.Fatalf("the download was given up at %.0f bytes", p.ReceivedBytes)
			}
			if p.State == browser.DownloadProgressStateCompleted {
				break
			}
		}
		got, err := os.ReadFile(filepath.Join(saved, "big image.iso"))
		if err != nil || sha256.Sum256(got) != sha256.Sum256(content) {
			t.Errorf("saved %d bytes of %d, not the same: %v", len(got), len(content), err)
		}
		mu.Lock()
		defer mu.Unlock()
		parts := log[before:]
		if len(parts) != 2 || !parts[0].Cut || parts[0].Range != "" || parts[1].Status != 206 || parts[1].Range == "bytes=0-" || parts[1].Cut {
			t.Errorf("it took these requests: %+v", parts)
		}
		if n := parts[0].Bytes + parts[1].Bytes; n > int64(len(content))+1<<20 {
			t.Errorf("%d bytes were sent for %d", n, len(content))
		}
	})
	s.t = t
	s.open(at)
	s.quiet()
}

// faintest finds the text on a page that stands out least from what is behind it, if that is less than WCAG 2.2 demands
// for level AA (1.4.3).
const faintest = `(() => {
	const light = c => {
		const [r, g, b] = c.match(/[\d.]+/g).map(Number).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
		return .2126 * r + .7152 * g + .0722 * b;
	};
	let worst = [4.5, ''];
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (texts.nextNode()) {
		let e = texts.currentNode.parentElement;
		if (!texts.currentNode.data.trim() || !e.checkVisibility() || e.closest('script,style,.unseen')) continue;
		const ink = light(getComputedStyle(e).color);
		let paper = e;
		while (paper !== document.documentElement && getComputedStyle(paper).backgroundColor === 'rgba(0, 0, 0, 0)') paper = paper.parentElement;
		const ground = light(getComputedStyle(paper).backgroundColor);
		const ratio = (Math.max(ink, ground) + .05) / (Math.min(ink, ground) + .05);
		if (ratio < worst[0]) worst = [ratio, texts.currentNode.data.trim() + ' has ' + ratio.toFixed(2)];
	}
	return worst[1];
})()`
