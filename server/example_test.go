package server_test

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/fstest"

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

//go:embed example_test.go
var files embed.FS

// The files in a program. They never change, so a tag is made of their content: two instances of the program agree on it,
// and a download that one of them began can go on at the other.
func ExampleNew_embed() {
	handler, err := server.New(server.Options{FS: files})
	if err != nil {
		log.Fatal(err)
	}
	request := httptest.NewRequest("GET", "/example_test.go", nil)
	request.Header.Set("Range", "bytes=0-18")
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	fmt.Println(response.Code, response.Body)
	fmt.Println("a digest:", strings.HasPrefix(response.Header().Get("Repr-Digest"), "sha-256=:"))
	fmt.Println("a date:", response.Header().Get("Last-Modified") != "")
	// Output:
	// 206 package server_test
	// a digest: true
	// a date: false
}

// An origin under a prefix, beside other handlers. Its links and redirects are relative, so it need not know the prefix.
func ExampleNew_prefix() {
	downloads, err := server.New(server.Options{FS: fstest.MapFS{"images/one.iso": {Data: []byte("one")}}})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/downloads/", http.StripPrefix("/downloads", downloads))
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "the front page") })

	for _, path := range []string{"/", "/downloads/images", "/downloads/images/one.iso", "/images/one.iso"} {
		response := httptest.NewRecorder()
		mux.ServeHTTP(response, httptest.NewRequest("GET", path, nil))
		fmt.Printf("%d %s %q\n", response.Code, path, response.Header().Get("Location"))
	}
	// Output:
	// 200 / ""
	// 301 /downloads/images "./images/"
	// 200 /downloads/images/one.iso ""
	// 404 /images/one.iso ""
}

// Several roots, each under its name: a folder of this machine and files of the program.
func ExampleNew_roots() {
	handler, err := server.New(server.Options{Roots: []server.Root{
		{Name: "words", FS: fstest.MapFS{"words.txt": {Data: []byte("one two three")}}},
		{Name: "testdata", Path: "testdata"},
	}})
	if err != nil {
		log.Fatal(err)
	}
	request := httptest.NewRequest("GET", "/", nil)
	request.Header.Set("Accept", "application/json")
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	var list struct{ Entries []struct{ Name string } }
	if err := json.Unmarshal(response.Body.Bytes(), &list); err != nil {
		log.Fatal(err)
	}
	fmt.Println(list.Entries)

	_, err = server.New(server.Options{Roots: []server.Root{{Name: "transfer", Path: "."}}})
	fmt.Println(err)
	// Output:
	// [{testdata} {words}]
	// the name "transfer" is one that the server needs for itself
}
