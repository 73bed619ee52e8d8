package scheduler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"braid/segment"
)

// cut cuts a file into megabytes, however small it is.
func cut(size int64) segment.Grid { return segment.Grid{Size: size, Block: 1 << 20} }

// at is byte off of the file that every test fetches.
func at(off int64) byte { return byte(off*31 ^ off>>7 ^ off>>15) }

// A script is a source whose every answer is written by the test.
type script struct {
	size int64
	// answer says how request number n (from 0) for r goes.
	answer func(n int, r segment.Range) reply
	turns  chan struct{} // nil, or as many answers at once as it has places; the others wait for theirs

	mu     sync.Mutex
	asked  []segment.Range
	out    int // requests under way
	most   int // and the most there ever were
	closed int
}

// A reply is one answer: after delay, err, or up to send bytes in steps of
// step bytes, every apart; then end.
type reply struct {
	delay time.Duration
	err   error
	send  int64 // bytes; 0 means all that was asked for
	step  int
	every time.Duration
	end   error // nil means io.EOF
	blank bool  // the bytes do not matter
	mute  bool  // after send bytes nothing comes any more, not even an end
	reach int64 // where the bytes end that the answer could go on with
	far   bool  // also over bytes that nobody wants
}

func (s *script) Open(ctx context.Context, r segment.Range) (io.ReadCloser, error) {
	s.mu.Lock()
	n := len(s.asked)
	s.asked = append(s.asked, r)
	s.out++
	s.most = max(s.most, s.out)
	var a reply
	if s.answer != nil {
		a = s.answer(n, r)
	}
	s.mu.Unlock()
	if s.turns != nil {
		select {
		case s.turns <- struct{}{}:
		case <-ctx.Done():
			s.gone()
			return nil, ctx.Err()
		}
	}
	if err := pause(ctx, a.delay); err != nil || a.err != nil {
		s.leave()
		return nil, errors.Join(err, a.err)
	}
	r.End = min(r.End, s.size)
	if a.send > 0 && a.send < r.Len() {
		r.End = r.Off + a.send
	}
	return &scriptBody{script: s, ctx: ctx, r: r, reply: a}, nil
}

func (s *script) leave() {
	s.gone()
	if s.turns != nil {
		<-s.turns
	}
}

func (s *script) gone() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out--
	s.closed++
}

type scriptBody struct {
	script *script
	ctx    context.Context
	r      segment.Range
	reply  reply
}

func (b *scriptBody) Read(p []byte) (int, error) {
	if b.r.Empty() {
		if b.reply.mute {
			<-b.ctx.Done()
			return 0, b.ctx.Err()
		}
		if b.reply.end != nil {
			return 0, b.reply.end
		}
		return 0, io.EOF
	}
	if err := pause(b.ctx, b.reply.every); err != nil {
		return 0, err
	}
	n := len(p)
	if b.reply.step > 0 {
		n = min(n, b.reply.step)
	}
	n = int(min(int64(n), b.r.Len()))
	for i := range n {
		if b.reply.blank {
			break
		}
		p[i] = at(b.r.Off + int64(i))
	}
	b.r.Off += int64(n)
	return n, nil
}

func (b *scriptBody) Continue(r segment.Range) bool {
	if r.Off >= b.reply.reach || r.Off < b.r.Off || r.Off > b.r.Off && !b.reply.far {
		return false
	}
	b.r = r
	return true
}

func (b *scriptBody) Close() error {
	b.script.leave()
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// A strict sink remembers how often each byte was written, and complains of
// anything that the Sink contract forbids.
type strict struct {
	grid  segment.Grid
	plain bool
	fail  func(off int64) error // of a write; nil means never
	save  func(n int) error     // of save number n, from 1
	delay time.Duration         // of a save

	mu     sync.Mutex
	data   []byte
	times  []uint8
	next   map[int]int64 // in each block, where the next write must begin
	saves  int
	saved  *segment.Bitmap
	saving bool
	errs   []error
	length int64
}

func newStrict(g segment.Grid, done *segment.Bitmap, begun ...segment.Range) *strict {
	s := &strict{grid: g, data: make([]byte, g.Size), times: make([]uint8, g.Size), next: map[int]int64{}, length: -1}
	for i := range g.Len() {
		r := g.Range(i)
		s.next[i] = r.Off
		if done == nil || !done.Has(i) {
			continue
		}
		for off := r.Off; off < r.End; off++ {
			s.data[off], s.times[off] = at(off), 1
		}
		s.next[i] = r.End
	}
	for _, r := range begun {
		for off := r.Off; off < r.End; off++ {
			s.data[off], s.times[off] = at(off), 1
		}
		s.next[g.Index(r.Off)] = r.End
	}
	return s
}

func (s *strict) complain(format string, args ...any) {
	s.errs = append(s.errs, fmt.Errorf(format, args...))
}

func (s *strict) WriteAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(off); err != nil {
			return 0, err
		}
	}
	i := s.grid.Index(off)
	if end := off + int64(len(p)); end > s.grid.Range(i).End {
		s.complain("write %d-%d crosses the border of block %d", off, end, i)
	}
	if s.next[i] != off && !s.plain {
		s.complain("write at %d, but block %d goes on at %d", off, i, s.next[i])
	}
	s.next[i] = off + int64(len(p))
	copy(s.data[off:], p)
	for k := range p {
		s.times[off+int64(k)]++
	}
	return len(p), nil
}

func (s *strict) Save(done *segment.Bitmap) error {
	s.mu.Lock()
	if s.saving {
		s.complain("two saves at once")
	}
	s.saving = true
	s.saves++
	n := s.saves
	for i := range done.Len() {
		if done.Has(i) && s.next[i] != s.grid.Range(i).End {
			s.complain("block %d is called done, but is written only to %d", i, s.next[i])
		}
	}
	s.mu.Unlock()
	time.Sleep(s.delay)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saving = false
	if s.save != nil {
		if err := s.save(n); err != nil {
			return err
		}
	}
	s.saved = done.Clone()
	return nil
}

func (s *strict) Truncate(size int64) error {
	s.length = size
	return nil
}

// whole says what keeps s from holding exactly the file, each byte written
// exactly once and all of it saved; nil if nothing does.
func (s *strict) whole() error {
	if len(s.errs) > 0 {
		return s.errs[0]
	}
	for off := range s.times {
		if s.times[off] != 1 {
			return fmt.Errorf("byte %d was written %d times", off, s.times[off])
		}
		if s.data[off] != at(int64(off)) {
			return fmt.Errorf("byte %d is wrong", off)
		}
	}
	if s.grid.Len() > 0 && (s.saved == nil || !s.saved.Full()) {
		return errors.New("not all of it was saved")
	}
	return nil
}
