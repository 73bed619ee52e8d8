package cli

import (
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// counts remembers how many connections were good at a host, from run to run: in
// a file of the user's cache folder, which may go missing at any time. Whatever
// is wrong with that file, nobody has to be told.
type counts struct {
	path string // "" means nowhere

	mu    sync.Mutex
	hosts map[string]count // nil until it was read
}

// A count is what was good at a host, and when.
type count struct {
	Connections int       `json:"connections"`
	Time        time.Time `json:"time"`
}

const (
	countAge   = 7 * 24 * time.Hour // links and hosts change
	countHosts = 500                // the latest
	countBytes = 1 << 20            // far more than they take
)

// newCounts is the counts of this user.
func newCounts() *counts {
	dir, err := os.UserCacheDir()
	if err != nil {
		return &counts{}
	}
	return &counts{path: filepath.Join(dir, "braid", "connections.json")}
}

// of is the count that was good at host; 0 if none is known.
func (c *counts) of(host string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hosts == nil {
		c.hosts = c.read()
	}
	return c.hosts[host].Connections
}

// keep remembers that n was good at host.
func (c *counts) keep(host string, n int) {
	if c.path == "" || n < 1 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hosts = c.read() // another run may have been here
	c.hosts[host] = count{n, time.Now().UTC().Truncate(time.Second)}
	c.write()
}

// read reads what is there, and leaves out what is too old or makes no sense.
func (c *counts) read() map[string]count {
	hosts := map[string]count{}
	text, err := c.text()
	if err != nil || json.Unmarshal(text, &hosts) != nil || hosts == nil {
		return map[string]count{}
	}
	maps.DeleteFunc(hosts, func(_ string, n count) bool {
		age := time.Since(n.Time)
		return n.Connections < 1 || n.Connections > mostConnections || age > countAge || age < -countAge
	})
	return hosts
}

// text is what the file holds, not without end. Anything but a file, such as a
// pipe, would keep the run waiting.
func (c *counts) text() ([]byte, error) {
	switch info, err := os.Lstat(c.path); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fs.ErrInvalid
	}
	file, err := os.Open(c.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, countBytes))
}

// write writes the latest hosts, in one step.
func (c *counts) write() {
	names := slices.SortedFunc(maps.Keys(c.hosts), func(a, b string) int { return c.hosts[b].Time.Compare(c.hosts[a].Time) })
	for _, name := range names[min(countHosts, len(names)):] {
		delete(c.hosts, name)
	}
	text, err := json.MarshalIndent(c.hosts, "", "\t")
	if err != nil {
		return
	}
	dir := filepath.Dir(c.path)
	if os.MkdirAll(dir, 0o700) != nil {
		return
	}
	file, err := os.CreateTemp(dir, "connections-*")
	if err != nil {
		return
	}
	_, err = file.Write(append(text, '\n'))
	if closed := file.Close(); err != nil || closed != nil || os.Rename(file.Name(), c.path) != nil {
		os.Remove(file.Name())
	}
}
