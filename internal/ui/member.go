package ui

import (
	"braid/scheduler"
	"braid/segment"
)

// A member is one of several downloads. Of each there is a line when it ends;
// until then it is a part of the total.
type member struct {
	*console
	name  string
	aloud bool  // it says what is asked for again
	hush  *hush // which all members share: the host that fails is mostly one
	size  int64
}

func (c *console) join(name string, aloud bool, h *hush) *member {
	c.total.begin()
	return &member{console: c, name: name, aloud: aloud, hush: h}
}

func (m *member) Probe(id segment.Identity, _ bool, _ string, _ int64) { m.size = id.Size }

func (m *member) Watch(j *scheduler.Job) (stop func()) { return m.total.watch(j) }

func (m *member) Retry(e scheduler.Event) {
	if !m.aloud {
		return
	}
	if s := m.hush.line(m.o, m.name, e); s != "" {
		m.line(s)
	}
}

func (m *member) Verify(string, int64, func() int64) (stop func()) { return func() {} }

func (m *member) End(r Result) {
	m.total.end(r)
	if r.Err != nil {
		m.line(m.failure(m.name, m.size, r))
		return
	}
	m.line(resultLine(m.name, r))
	m.path(r)
}
