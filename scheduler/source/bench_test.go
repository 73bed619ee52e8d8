package source

import "testing"

// A good 206, as nearly every answer is.
func BenchmarkJudge(b *testing.B) {
	h := head(`ETag: "5f3a-1b2c"`, old, date, "Content-Type: application/octet-stream", "Content-Range: bytes 1048576-9437183/1073741824")
	known := fact{id: identity(h, 1<<30)}
	q := question{r: span(1<<20, 9<<20), ranged: true}
	a := answer{status: 206, header: h, length: 8 << 20}
	b.ReportAllocs()
	for b.Loop() {
		if v := judge(q, known, a); v.class != accept || v.span != q.r {
			b.Fatal(v)
		}
	}
}
