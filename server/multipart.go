package server

import (
	"crypto/rand"
	"net/http"
)

// multipart answers with several spans: a 206 whose content is multipart/byteranges (RFC 9110, section 14.6). The parts
// are streamed, so it costs no more memory than one; the length is known beforehand because all but the boundary is.
func (rep *representation) multipart(w http.ResponseWriter, r *http.Request, spans []span) {
	boundary := rand.Text() // 26 letters and digits: needs no quotes, and 128 random bits do not occur in a file
	heads := make([]string, len(spans))
	tail := "\r\n--" + boundary + "--\r\n"
	length := int64(len(tail))
	for i, s := range spans {
		heads[i] = "\r\n--" + boundary +
			"\r\nContent-Type: " + rep.contentType +
			"\r\nContent-Range: " + contentRange(s, rep.size) + "\r\n\r\n"
		if i == 0 {
			heads[i] = heads[i][2:] // the line break belongs to the part before, and there is none
		}
		length += int64(len(heads[i])) + s.len()
	}
	rep.describe(w, "multipart/byteranges; boundary="+boundary, length, "")
	w.WriteHeader(http.StatusPartialContent)
	st := rep.stream(w, r)
	for i, s := range spans {
		st.text(heads[i])
		st.span(s)
	}
	st.text(tail)
}
