package server

import (
	"net/http"

	"github.com/dunglas/httpsfv"
)

// maxWant is the longest Want-Repr-Digest that is read, in bytes.
const maxWant = 1 << 10

// wantsDigest says whether a response to the request may carry a Repr-Digest of SHA-256, the only one there is. So it
// may unless Want-Repr-Digest gives that the weight 0, which means not acceptable (RFC 9530, section 4). The field is a
// hint: one that is too long or no dictionary counts for nothing, as does a weight that is no integer; other weights,
// and those of other algorithms, make no difference.
func wantsDigest(h http.Header) bool {
	lines := h["Want-Repr-Digest"]
	if len(lines) == 0 {
		return true
	}
	length := 0
	for _, line := range lines {
		length += len(line)
	}
	if length > maxWant {
		return true
	}
	wanted, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil {
		return true
	}
	member, _ := wanted.Get("sha-256")
	item, _ := member.(httpsfv.Item)
	weight, ok := item.Value.(int64)
	return !ok || weight != 0
}
