package cli

import (
	"context"
	"errors"
)

func runStatus(ctx context.Context, e *env, o statusOptions) error {
	return errors.New("status is not wired")
}
