package scheduler

import "sync"

// buffers are those that workers no longer gather in, for the next ones: of many
// small files a buffer for each would be half of all memory ever asked for. It is
// a package variable, as what it holds means nothing to anybody.
var buffers sync.Pool // of *[]byte

// buffer is size bytes of anything.
func buffer(size int64) []byte {
	if p, ok := buffers.Get().(*[]byte); ok && int64(cap(*p)) >= size {
		return (*p)[:size]
	}
	return make([]byte, size)
}

// used gives a buffer back; nil is none.
func used(p []byte) {
	if p != nil {
		buffers.Put(&p)
	}
}
