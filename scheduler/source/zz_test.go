package source
import ("testing";"sync";"io";"net/http";"fmt";"net/http/httptest";"net";"sync/atomic";"strings";"time")
func TestZZ(t *testing.T) {
	for _, mode := range []string{"ours","plain"} {
	max, sum, closed := int32(0), int32(0), int32(0)
	for range 60 {
	var o struct{url string; conns, closed atomic.Int32}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request){ http.ServeContent(w,r,"",time.Time{},strings.NewReader(file)) }))
	srv.Config.ConnState = func(c net.Conn, st http.ConnState) { if st==http.StateNew {o.conns.Add(1)}; if st==http.StateClosed {o.closed.Add(1)} }
	srv.Start(); o.url = srv.URL
	s := mustOpen(t, o.url, Options{})
	c := Client(ClientOptions{})
	read(t.Context(), s, span(0,1000))
	var all sync.WaitGroup
	for w := range int64(8) {
		all.Go(func() {
			for off := w * 125; off < (w+1)*125; off += 5 {
				if mode == "ours" {
				read(t.Context(), s, span(off, off+5))
				} else {
				req, _ := http.NewRequestWithContext(t.Context(), "GET", o.url, nil)
				req.Header.Set("Range", formatRange(span(off,off+5)))
				r, err := c.Do(req); if err != nil {panic(err)}
				io.ReadAll(r.Body); r.Body.Close()
				}
			}
		})
	}
	all.Wait()
	closed += o.closed.Load(); c.CloseIdleConnections()
	n := o.conns.Load()
	s.Close(); srv.Close(); if n > max { max = n }; sum += n
	}
	fmt.Println(mode, max, float64(sum)/60, "closed early", closed)
	}
}
