package sink

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// holder looks the file up in /proc/locks (proc(5)), which names who holds
// what, seen from this pid namespace.
func (d local) holder(path string) int {
	st, err := d.lstat(path)
	if err != nil {
		return 0
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0
	}
	// 1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(st.dev), unix.Minor(st.dev), st.ino)
	for line := range strings.Lines(string(locks)) {
		if f := strings.Fields(line); len(f) > 5 && f[1] == "FLOCK" && f[5] == file {
			var pid int
			if _, err := fmt.Sscan(f[4], &pid); err == nil && pid > 0 {
				return pid
			}
		}
	}
	return 0
}
