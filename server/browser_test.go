package server

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A surfer is somebody with a headless Chromium.
type surfer struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	messages []string // what the pages put on the console, policy violations among it
	said     chan struct{}
}

// surf starts a Chromium with a profile of its own, which ends with the test. The name remote.test leads to this machine:
// an origin that Chromium does not trust as it does loopback.
func surf(t *testing.T) *surfer {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("chromium is not installed")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute) // against hanging for ever, nothing else
	t.Cleanup(cancel)
	ctx, end := chromedp.NewExecAllocator(ctx, append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("host-resolver-rules", "MAP remote.test 127.0.0.1"))...)
	t.Cleanup(end)
	ctx, _ = chromedp.NewContext(ctx)
	s := &surfer{t: t, ctx: ctx, said: make(chan struct{}, 1)}
	console := chromedp.Console(ctx)
	s.do(chromedp.Navigate("about:blank"))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for m, err := range console {
			if err != nil {
				return // the browser ends
			}
			s.mu.Lock()
			s.messages = append(s.messages, m.String())
			s.mu.Unlock()
			select {
			case s.said <- struct{}{}:
			default:
			}
		}
	}()
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("the browser does not end well: %v", err)
		}
		<-ended
	})
	return s
}

func (s *surfer) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	if err := chromedp.Do(s.ctx, steps...); err != nil {
		s.t.Fatal(err)
	}
}

// open goes to a page, and follow does something that leads to one.
func (s *surfer) open(url string) {
	s.t.Helper()
	s.do(chromedp.Navigate(url))
}

func (s *surfer) follow(action chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	if _, err := chromedp.Run(s.ctx, chromedp.WaitEvent(cdp.LoadEventFired, nil, action)); err != nil {
		s.t.Fatal(err)
	}
}

func click(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(selector))
}

// eval is the value of an expression in the page, awaited if it is a promise.
func eval[T any](s *surfer, expression string) T {
	s.t.Helper()
	v, err := chromedp.Run(s.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		s.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// is compares what the page says with what it should say.
func (s *surfer) is(expression, want string) {
	s.t.Helper()
	if got := eval[string](s, "String("+expression+")"); got != want {
		s.t.Errorf("%s: %s is %q, want %q", eval[string](s, "location.href"), expression, got, want)
	}
}

// press is a key that stands for a letter, as a keyboard sends it: chromedp.KeyEvent would type it even if the page has
// taken the key for something else.
func (s *surfer) press(letter string) {
	s.t.Helper()
	for _, p := range []input.DispatchKeyEventParams{{Type: input.DispatchKeyEventTypeKeyDown, Key: letter, Text: letter}, {Type: input.DispatchKeyEventTypeKeyUp, Key: letter}} {
		if _, err := chromedp.Call(s.ctx, input.DispatchKeyEvent, p); err != nil {
			s.t.Fatal(err)
		}
	}
}

// names are those of the rows.
const names = `[...document.querySelectorAll('td.name bdi')].map(e => e.textContent).join(' ')`

// seeing makes the screen so wide, and dark or light.
func (s *surfer) seeing(width int64, scheme string) {
	s.t.Helper()
	if _, err := chromedp.Call(s.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: 800, DeviceScaleFactor: 1, Mobile: width < 600}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := chromedp.Call(s.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}); err != nil {
		s.t.Fatal(err)
	}
}

// allow lets pages read the clipboard, as the test does and braid's page never.
func (s *surfer) allow(permissions ...string) {
	s.t.Helper()
	for _, name := range permissions {
		if _, err := chromedp.CallBrowser(s.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// quiet says that no page has put anything on the console. To be sure that it would be known, it then breaks the policy
// itself and waits to hear of that.
func (s *surfer) quiet() {
	s.t.Helper()
	eval[bool](s, `document.body.setAttribute('style', 'margin: 1px') === undefined`)
	for {
		s.mu.Lock()
		n, all := len(s.messages), strings.Join(s.messages, "\n")
		s.mu.Unlock()
		if n > 1 || n == 1 && !strings.Contains(all, "style") {
			s.t.Errorf("on the console:\n%s", all)
		}
		if strings.Contains(all, "Content Security Policy") {
			return
		}
		select {
		case <-s.said:
		case <-s.ctx.Done():
			s.t.Fatal("nothing on the console about a style that the policy forbids")
		}
	}
}

// serveAt runs a handler on loopback until the test ends, and returns its URL.
func serveAt(t *testing.T, h http.Handler) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, ln, h, Options{}) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return "http://" + ln.Addr().String()
}
