package server_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"

	"braid/server"
)

// An origin that gives every range from the beginning of the file, half of the time.
func ExampleRogue() {
	handler, err := server.New(server.Options{
		Pattern: true,
		Rogue:   server.Rogue{Faults: []string{"wrong-start"}, Probability: 0.5, Seed: 7},
	})
	if err != nil {
		log.Fatal(err)
	}
	origin := httptest.NewServer(handler)
	defer origin.Close()
	for range 4 {
		request, _ := http.NewRequest("GET", origin.URL+"/pattern/1M", nil)
		request.Header.Set("Range", "bytes=1000-1999")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
		fmt.Println(response.Header.Get("Content-Range"))
	}
	http.DefaultClient.CloseIdleConnections()
	// Output:
	// bytes 0-999/1048576
	// bytes 1000-1999/1048576
	// bytes 0-999/1048576
	// bytes 0-999/1048576
}

// An origin that serves computed bytes, and a client that asks for some of them.
func Example() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- server.Run(ctx, ln, server.Options{Pattern: true}) }()

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
