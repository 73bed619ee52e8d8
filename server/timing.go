package server

import (
	"errors"
	"net/http"
	"time"
)

// A timing is how long a response may take: as long as it likes over the whole, but every piece must go out within
// patience and its length at slowest bytes a second. One deadline for the response would cut healthy downloads of large
// files.
//
// Where [Serve] answers over HTTP/1.1 none of this is needed, because the connection itself demands progress: see outflow.
// In HTTP/2 a client can stop one stream and not the connection, so there pieces are smaller.
type timing struct {
	control *http.ResponseController // nil: no deadlines
	piece   int64                    // the most that is sent under one deadline
}

const (
	slowest     = 8 << 10
	streamPiece = 256 << 10
)

func patienceFor(w http.ResponseWriter, r *http.Request) timing {
	switch {
	case connFrom(r) == nil:
		return timing{http.NewResponseController(w), piece}
	case r.ProtoMajor >= 2:
		return timing{http.NewResponseController(w), streamPiece}
	}
	return timing{nil, piece}
}

// allow gives the client time to take the next n bytes. A writer that knows no deadlines, as in a test that records a
// response, is fine: nothing can be slow there.
func (t timing) allow(n int64) error {
	if t.control == nil {
		return nil
	}
	err := t.control.SetWriteDeadline(time.Now().Add(patience + time.Duration(n)*time.Second/slowest))
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
