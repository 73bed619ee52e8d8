package server_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"braid/server"
)

// An origin that serves computed bytes, and a client that asks for some of them.
func Example() {
	options := server.Options{Pattern: true}
	handler, err := server.New(options)
	if err != nil {
		log.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- server.Serve(ctx, options.Listener(ln), handler, 0) }()

	request, _ := http.NewRequest("GET", "http://"+ln.Addr().String()+"/pattern/1GiB?seed=7", nil)
	request.Header.Set("Range", "bytes=1000000-1000003")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	got, _ := io.ReadAll(response.Body)
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()

	want := make([]byte, 4)
	server.PatternAt(want, 7, 1000000)
	fmt.Println(response.Status)
	fmt.Println(response.Header.Get("Content-Range"))
	fmt.Println(string(got) == string(want))

	stop()
	fmt.Println(<-ended)
	// Output:
	// 206 Partial Content
	// bytes 1000000-1000003/1073741824
	// true
	// <nil>
}
