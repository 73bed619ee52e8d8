package main

import (
	"math/rand/v2"
	"testing"
)

func TestGrowing(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	series := func(n int, at func(i int) int64) (all []int64) {
		for i := range n {
			all = append(all, at(i))
		}
		return all
	}
	const start = 20 << 20
	for name, tt := range map[string]struct {
		resident []int64
		leaks    bool
	}{
		"nothing":            {nil, false},
		"two samples":        {[]int64{1, 1 << 40}, false},
		"steady":             {series(1800, func(int) int64 { return start }), false},
		"noisy":              {series(1800, func(int) int64 { return start + chance.Int64N(30<<20) }), false},
		"grows at first":     {series(1800, func(i int) int64 { return start + int64(min(i, 500))<<20 }), false},
		"shrinks":            {series(1800, func(i int) int64 { return 2000<<20 - int64(i)<<20 }), false},
		"one peak":           {series(1800, func(i int) int64 { return start + int64(i/1799)<<30 }), false},
		"100 KiB a second":   {series(1800, func(i int) int64 { return start + int64(i)*100<<10 }), true},
		"noisy, and growing": {series(1800, func(i int) int64 { return start + chance.Int64N(10<<20) + int64(i)*100<<10 }), true},
	} {
		if leak := growing(tt.resident); (leak != "") != tt.leaks {
			t.Errorf("%s: %q", name, leak)
		}
	}
}

func TestGoroutines(t *testing.T) {
	const dump = `SIGQUIT: quit
PC=0x1 m=0 sigcode=0

goroutine 0 gp=0x1 m=0 mp=0x1 [idle]:
runtime.futex()
	/go/src/runtime/sys.s:1

goroutine 1 gp=0x2 m=nil [select]:
main.main()
	/main.go:1

goroutine 7 gp=0x3 m=nil [IO wait, 3 minutes]:
net/http.(*conn).serve()
created by net/http.(*Server).Serve in goroutine 1
	/go/src/net/http/server.go:1

goroutine 8 gp=0x3 m=nil [IO wait]:
net/http.(*conn).serve()
created by net/http.(*Server).Serve in goroutine 1

goroutine 2 gp=0x4 m=nil [force gc (idle)]:
created by runtime.init.7 in goroutine 1
`
	got := goroutines(dump)
	if len(got) != 2 || got["main"] != 1 || got["net/http.(*Server).Serve"] != 2 {
		t.Errorf("%v", got)
	}
	if extra := more(map[string]int{"main": 1}, got); extra != "2 by net/http.(*Server).Serve, not 0" {
		t.Errorf("%q", extra)
	}
	if extra := more(got, map[string]int{"main": 1, "net/http.(*Server).Serve": 2}); extra != "" {
		t.Errorf("%q", extra)
	}
}
