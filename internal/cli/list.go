package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An entry is a file that is wanted.
type entry struct {
	url string
	to  *elsewhere // nil means where the flags say
}

// elsewhere is where an entry goes instead; "" means as the flags say.
type elsewhere struct{ out, dir string }

// of is o for the entry alone. Where -o is a folder, the name is one below it.
func (o *getOptions) of(e entry) *getOptions {
	if e.to == nil {
		return o
	}
	own := *o
	if o.Output != "" && isFolder(o.place(o.Output)) {
		own.Output = filepath.Join(o.Output, e.to.out) // which drops the slash at its end
		own.made = true
		if e.to.out == "" {
			own.Output += string(filepath.Separator)
		}
	} else if e.to.out != "" {
		own.Output, own.made = e.to.out, true
	}
	if e.to.dir != "" {
		own.Dir = e.to.dir
	}
	return &own
}

// entries are the files that the user wants, in order: those of the command
// line, then those of the list.
func (o *getOptions) entries(ctx context.Context, stdin io.Reader) ([]entry, error) {
	all := make([]entry, len(o.URLs))
	for i, url := range o.URLs {
		all[i].url = url
	}
	if o.Input == "" {
		return all, nil
	}
	listed, err := o.listed(ctx, stdin)
	if err != nil {
		return nil, err
	}
	all = append(all, listed...)
	if slices.ContainsFunc(listed, o.torn) {
		return nil, try("braid get -d DIR -i LIST", "-o %s says where all goes, and dir= in the list that it goes elsewhere", o.Output)
	}
	return all, o.one(len(all))
}

// torn says whether the dir= of e, and an -o that is the same from everywhere,
// would lead to different places.
func (o *getOptions) torn(e entry) bool {
	return e.to != nil && e.to.dir != "" && filepath.IsAbs(o.of(e).Output)
}

// listed reads the list. What feeds stdin or a pipe may take its time, and
// neither opening nor reading can be called off: the goroutine that is left then
// waits for the end of the process, which is near.
func (o *getOptions) listed(ctx context.Context, stdin io.Reader) ([]entry, error) {
	var all []entry
	var err error
	read := make(chan struct{})
	go func() {
		defer close(read)
		all, err = readInput(o.Input, stdin)
	}()
	select {
	case <-read:
		return all, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// readInput reads the list in the file input, or that of stdin.
func readInput(input string, stdin io.Reader) ([]entry, error) {
	if input == "-" {
		return readList("stdin", stdin)
	}
	f, err := os.Open(input)
	if err != nil {
		return nil, try("braid get -i FILE, or -i - for stdin", "--input-file: %v", err)
	}
	defer f.Close()
	return readList(input, f)
}

// maxListLine is the longest line of a list, in bytes.
const maxListLine = 64 << 10

// readList reads a list: a URL a line, which lines with out=NAME and dir=DIR
// may follow, indented, as aria2 has them. Blank lines and those that begin with
// # say nothing. All of it is read before any of it counts, so that nothing is
// fetched by a list that is wrong.
func readList(name string, r io.Reader) ([]entry, error) {
	var all []entry
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxListLine)
	n := 0
	for ; lines.Scan(); n++ {
		line := lines.Text()
		if n == 0 {
			line = strings.TrimPrefix(line, "\ufeff") // a byte order mark, as Windows writes it
		}
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' {
			continue
		}
		var err error
		switch {
		case line[0] != ' ' && line[0] != '\t':
			err = checkLine(text)
			all = append(all, entry{url: text})
		case len(all) == 0:
			err = &usageError{problem: "it is indented, and there is no URL above it"}
		default:
			err = all[len(all)-1].set(text)
		}
		if err != nil {
			return nil, inList(name, n+1, err)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, inList(name, n+1, &usageError{problem: "it is longer than any URL"})
	case err != nil:
		return nil, try("braid get -i FILE, or -i - for stdin", "--input-file: %v", err)
	}
	return all, nil
}

// inList says where in a list something is wrong.
func inList(name string, line int, err error) error {
	u, _ := errors.AsType[*usageError](err)
	return &usageError{problem: fmt.Sprintf("%s, line %d: %s", name, line, u.problem), try: u.try}
}

func checkLine(s string) error {
	if strings.ContainsAny(s, " \t") {
		return &usageError{problem: "a line holds one URL, and a URL has no blanks"}
	}
	return checkURL(s)
}

// set reads an option of the entry. Its value may be a secret that was meant
// for another program.
func (e *entry) set(option string) error {
	if e.to == nil {
		e.to = new(elsewhere)
	}
	key, value, _ := strings.Cut(option, "=")
	switch {
	case key == "out" && (!filepath.IsLocal(value) || value == "." || value == "-" || slashed(value)):
		return &usageError{problem: "out= wants the name of a file, below the folder that it goes to"}
	case key == "out":
		e.to.out = value
	case key == "dir" && value == "":
		return &usageError{problem: "dir= wants a folder"}
	case key == "dir":
		e.to.dir = value
	default:
		return &usageError{problem: "an indented line says out=NAME or dir=DIR of the URL above, and nothing else"}
	}
	return nil
}
