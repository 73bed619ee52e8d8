//go:build !(linux || darwin || freebsd)

package sink

// Room is how many bytes the file system that holds path has left for this
// user, and whether that is known. Here it is not.
func Room(string) (bytes int64, known bool) { return 0, false }
