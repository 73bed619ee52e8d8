//go:build linux || darwin || freebsd

package sink

import "golang.org/x/sys/unix"

// Room is how many bytes the file system that holds path has left for this
// user, and whether that is known.
func Room(path string) (bytes int64, known bool) {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true
}
