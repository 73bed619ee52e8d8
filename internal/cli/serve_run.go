package cli

import (
	"context"
	"errors"
)

func runServe(ctx context.Context, e *env, o serveOptions) error {
	return errors.New("serve is not wired")
}
