package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// A SignalError is the cause of a context that a signal has ended.
type SignalError struct{ Signal os.Signal }

func (e SignalError) Error() string {
	switch e.Signal {
	case os.Interrupt:
		return "interrupted"
	case syscall.SIGTERM:
		return "terminated"
	}
	return e.Signal.String()
}

// code is 128 and the signal's number, as shells count: 130 and 143.
func (e SignalError) code() int {
	if n, ok := e.Signal.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return exitOther
}

// WithSignals is a context that the first interrupt ends, with a SignalError as
// its cause, so that what is under way can be saved. A second one kills at
// once. Writing to a closed pipe becomes an error: whoever reads our stdout
// must not be able to end a download by leaving.
func WithSignals(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	first := make(chan os.Signal, 1)
	signal.Notify(first, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup(1) ignores it on purpose
		signal.Notify(first, syscall.SIGHUP)
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go func() {
		s := <-first
		signal.Stop(first)
		if s == syscall.SIGHUP {
			s = syscall.SIGTERM // the terminal went away: end, and say so by the same code
		}
		cancel(SignalError{s})
	}()
	return ctx
}

// takeHangups gives hangups another meaning than the one that WithSignals gives
// them, until the process ends. For who keeps logs small they say that a file has
// been moved away.
func takeHangups() <-chan os.Signal {
	hangups := make(chan os.Signal, 1)
	signal.Reset(syscall.SIGHUP) // or WithSignals would be told as well
	signal.Notify(hangups, syscall.SIGHUP)
	return hangups
}
