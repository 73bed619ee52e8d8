package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrGone says that a folder or file that was served has been removed or unmounted, and that there is nothing in its place.
var ErrGone = errors.New("gone while it was served")

// A place is a tree that can go while it is served.
type place interface {
	// look returns an error that wraps ErrGone if there is nothing left to serve. It is called by one goroutine.
	look() error
}

// placesOf gives all places in a tree.
func placesOf(t tree) []place {
	var all []place
	switch t := t.(type) {
	case place:
		all = append(all, t)
	case *grove:
		for _, below := range t.trees {
			all = append(all, placesOf(below)...)
		}
	}
	return all
}

// A watched handler is an origin whose places are looked at while Serve serves it. Requests have no part in that.
type watched struct {
	*handler
	places []place

	looking sync.Mutex // held while they are looked at: Serve may serve it on several listeners
}

const (
	lookEvery = 500 * time.Millisecond
	patient   = 2 // looks in a row that must find nothing: who replaces a folder may remove the old one first
)

// during calls serve, and ends its context when a place is gone.
func (w *watched) during(ctx context.Context, serve func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	var looking sync.WaitGroup
	looking.Go(func() {
		if err := w.watch(ctx); err != nil {
			stop(err)
		}
	})
	err := serve(ctx)
	stop(nil)
	looking.Wait()
	switch gone := context.Cause(ctx); {
	case !errors.Is(gone, ErrGone):
		return err
	case err != nil:
		return fmt.Errorf("%w; %w", gone, err)
	default:
		return gone
	}
}

// watch looks at the places until ctx ends, or one of them is gone.
func (w *watched) watch(ctx context.Context) error {
	ticks := time.NewTicker(lookEvery)
	defer ticks.Stop()
	missed := make([]int, len(w.places))
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
		if err := w.look(missed); err != nil {
			return err
		}
	}
}

// look looks once. It counts the looks in a row at each place that found nothing.
func (w *watched) look(missed []int) error {
	w.looking.Lock()
	defer w.looking.Unlock()
	for i, p := range w.places {
		err := p.look()
		if err == nil {
			missed[i] = 0
		} else if missed[i]++; missed[i] == patient {
			return err
		}
	}
	return nil
}
