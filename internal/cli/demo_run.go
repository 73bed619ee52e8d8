package cli

import (
	"context"
	"errors"
)

func runDemo(ctx context.Context, e *env, o demoOptions) error {
	return errors.New("demo is not wired")
}
