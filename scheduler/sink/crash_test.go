package sink

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"braid/segment"
)

// The test binary runs itself as another process: childEnv says what that is
// to do, its first argument with which path.
const (
	childEnv  = "BRAID_SINK_TEST_CHILD"
	crashSize = 48<<20 + 777
)

var crashIdentity = segment.Identity{Size: crashSize, ETag: `"crash"`}

// crashByte is the right content at any offset.
func crashContent(p []byte, off int64) {
	for i := range p {
		at := uint64(off) + uint64(i)
		p[i] = byte((at * 0x9e3779b97f4a7c15) >> 56)
	}
}

func child() {
	path := os.Args[1]
	f, err := Open(path, Options{URL: testURL})
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	switch os.Getenv(childEnv) {
	case "hold":
		if err := f.Begin(bg, Remote{Identity: crashIdentity}); err != nil {
			panic(err)
		}
		fmt.Println("ready")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		f.Close()
	case "stream":
		err := f.Begin(bg, Remote{Identity: segment.Identity{Size: -1}, Plain: true})
		for off := int64(0); err == nil; off += 1000 {
			_, err = f.WriteAt(make([]byte, 1000), off)
		}
		fmt.Println("result:", err)
		f.Close()
	case "fetch":
		fmt.Println("result:", childFetch(f))
		f.Close()
	}
}

// childFetch writes what is missing from four goroutines, saves all the time,
// and commits.
func childFetch(f *File) error {
	if f.Finished() {
		return f.Commit(nil)
	}
	if err := f.Begin(bg, Remote{Identity: crashIdentity, Host: "example.org"}); err != nil {
		return err
	}
	fmt.Println("done:", f.Done().Count(), len(f.Begun()), strings.Join(f.Notes(), "; "))
	g, done := f.Grid(), f.Done()
	begun := map[int]int64{} // where a block goes on
	for _, r := range f.Begun() {
		begun[g.Index(r.Off)] = r.End
	}
	blocks, finished := make(chan int), make(chan int)
	for range 4 {
		go func() {
			buf := make([]byte, g.Block)
			for i := range blocks {
				r := g.Range(i)
				crashContent(buf[:r.Len()], r.Off)
				skip := max(begun[i], r.Off) - r.Off
				for p := buf[skip:r.Len()]; len(p) > 0; { // in pieces: some blocks are half there
					n := min(len(p), 100_000)
					if _, err := f.WriteAt(p[:n], r.End-int64(len(p))); err != nil {
						panic(err)
					}
					p = p[n:]
				}
				finished <- i
			}
		}()
	}
	go func() {
		var missing []int
		for i := range g.Len() {
			if !done.Has(i) {
				missing = append(missing, i)
			}
		}
		rand.Shuffle(len(missing), func(a, b int) { missing[a], missing[b] = missing[b], missing[a] })
		for _, i := range missing {
			blocks <- i
		}
		close(blocks)
	}()
	snapshot := done.Clone()
	for last := time.Now(); !snapshot.Full(); {
		snapshot.Set(<-finished)
		if time.Since(last) > 3*time.Millisecond {
			if err := f.Save(snapshot); err != nil {
				return err
			}
			last = time.Now()
		}
	}
	return f.Commit(nil)
}

func run(t *testing.T, what, path string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, path)
	cmd.Env = append(os.Environ(), childEnv+"="+what)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewReader(out)
}

// A process is killed at random moments until one gets to the end. After each,
// everything the checkpoint claims must be there.
func TestKill(t *testing.T) {
	rounds := 16
	if testing.Short() {
		rounds = 3
	}
	path, want := tempPath(t), make([]byte, crashSize)
	crashContent(want, 0)
	kills, resumed, most, begun := 0, 0, 0, 0
	for i := 0; ; i++ {
		cmd, out := run(t, "fetch", path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if i < rounds {
			time.Sleep(time.Duration(rand.Int64N(int64(80 * time.Millisecond))))
			_ = cmd.Process.Kill()
		}
		var result string
		for {
			line, err := out.ReadString('\n')
			if err != nil {
				break
			}
			var n, heads int
			if _, err := fmt.Sscanf(line, "done: %d %d", &n, &heads); err == nil && n > 0 {
				resumed++
				begun += heads
			}
			if strings.Contains(line, "were not as") {
				t.Errorf("round %d: %s", i, line)
			}
			if strings.HasPrefix(line, "result:") {
				result = line
			}
		}
		_ = cmd.Wait()
		n, err := audit(path, want)
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		most = max(most, n)
		if result != "" {
			if result != "result: <nil>\n" {
				t.Fatalf("round %d: %s", i, result)
			}
			got, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("round %d: the finished file is wrong (%v)", i, err)
			}
			nothingBeside(t, path)
			if i >= rounds {
				break
			}
			if err := os.Remove(path); err != nil { // quicker than the killer: once more
				t.Fatal(err)
			}
			continue
		}
		if i >= rounds {
			t.Fatal("nobody killed it, and it did not say how it ended")
		}
		kills++
		switch got, err := os.ReadFile(path); {
		case err != nil:
		case !bytes.Equal(got, want):
			t.Fatalf("round %d: it has its name with %d blocks claimed, and is wrong", i, n)
		case n < 0: // killed right at the end; with a checkpoint, the next run tidies up
			nothingBeside(t, path)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d kills, %d runs went on from a checkpoint, of up to %d blocks; %d beginnings of blocks were kept", kills, resumed, most, begun)
	if kills == 0 {
		t.Error("nobody was killed")
	}
}

func TestLock(t *testing.T) {
	path := tempPath(t)
	cmd, out := run(t, "hold", path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	if line, err := out.ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	_, err = Open(path, Options{})
	checkLocked(t, path, err, cmd.Process.Pid)
	in.Close()
	_ = cmd.Wait()

	// Within one process as well, and seen from another one.
	f := begun(t, path, Options{})
	_, err = Open(path, Options{})
	checkLocked(t, path, err, os.Getpid())
	second, out := run(t, "hold", path)
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := out.ReadString('\n')
	_ = second.Wait()
	if want := fmt.Sprintf("refused: %s is being fetched by another braid (pid %d)\n", path, os.Getpid()); line != want {
		t.Errorf("the other process says %q, want %q", line, want)
	}
	mustFinish(t, f)
}

// Of many that want the same file at once, one at a time gets it, also while
// finishing removes the very file that is the lock.
func TestLockRace(t *testing.T) {
	for name, d := range map[string]disk{"flock": local{}, "by name": local{noFlock: true}} {
		t.Run(name, func(t *testing.T) { lockRace(t, d) })
	}
}

func lockRace(t *testing.T, d disk) {
	path := tempPath(t)
	holders := make(chan struct{}, 1)
	result := make(chan error)
	for range 8 {
		go func() {
			for range 100 {
				f, err := openOn(d, path, Options{})
				if err == nil && f.slots.file == nil { // it waits for Begin to lock
					if err = f.claimNow(); err != nil {
						f.Close()
					}
				}
				if err != nil {
					if !strings.Contains(err.Error(), ErrLocked.Error()) {
						result <- err
						return
					}
					continue
				}
				select {
				case holders <- struct{}{}:
				default:
					result <- fmt.Errorf("two have the lock")
					return
				}
				if st, err := f.slots.file.stat(); err != nil || st.links == 0 {
					result <- fmt.Errorf("it has locked a file that is gone (%v)", err)
					return
				}
				for range 20 { // the others try meanwhile
					_, _ = os.Lstat(path)
					runtime.Gosched()
				}
				<-holders
				if err := f.Close(); err != nil {
					result <- err
					return
				}
			}
			result <- nil
		}()
	}
	for range 8 {
		if err := <-result; err != nil {
			t.Error(err)
		}
	}
}
