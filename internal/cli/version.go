package cli

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is what this is a release of. The linker sets it with
// -X braid/internal/cli.version=…; else the build information tells.
var version = ""

func versionCommand(e *env) *command {
	return &command{
		name:  "version",
		brief: "say which braid this is",
		about: "Says which braid this is, how it was built and for what. The same as braid -V.",
		run: func(context.Context) error {
			info, _ := debug.ReadBuildInfo()
			_, err := fmt.Fprintln(e.out, versionLine(info))
			return err
		},
	}
}

// versionLine is "braid 1.2.3 (abcdef123456, go1.27.4, linux/amd64)".
func versionLine(info *debug.BuildInfo) string {
	return fmt.Sprintf("braid %s (%s%s, %s/%s)", release(info), commit(info), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func release(info *debug.BuildInfo) string {
	built := ""
	if info != nil && info.Main.Version != "(devel)" {
		built = info.Main.Version
	}
	return cmp.Or(version, built, "unreleased")
}

func commit(info *debug.BuildInfo) string {
	if info == nil {
		return ""
	}
	revision, changed := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			if s.Value == "true" {
				changed = " with changes"
			}
		}
	}
	if revision == "" {
		return ""
	}
	return revision + changed + ", "
}
