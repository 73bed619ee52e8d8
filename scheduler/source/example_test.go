package source_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"braid/scheduler/source"
	"braid/segment"
)

func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("a braid has three strands"))
	}))
	defer server.Close()

	ctx := context.Background()
	src, err := source.Open(ctx, nil, server.URL+"/hair.txt", source.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer src.Close()
	fmt.Println(src.Name(), src.Identity().Size, src.Identity().ETag, src.Ranges())

	body, err := src.Open(ctx, segment.Range{Off: 2, End: 7})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer body.Close()
	word, err := io.ReadAll(body)
	fmt.Printf("%s %v\n", word, err)
	// Output:
	// hair.txt 25 "v1" true
	// braid <nil>
}
