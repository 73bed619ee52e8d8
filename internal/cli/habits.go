package cli

import (
	"fmt"
	"regexp"
	"strings"
)

// A habit is a flag of another program, and what there is here instead.
type habit struct {
	why string // "" if try says it all
	try string // "" if nothing is to be typed instead
}

func (h habit) of(c *command, flag string) error {
	problem := fmt.Sprintf("%s has no flag %s", c.name, flag)
	if h.why != "" {
		problem += ": " + h.why
	}
	return &usageError{problem: problem, try: h.try}
}

// habits are what the flags of curl, wget, aria2, axel, common servers and load
// generators are called here, by command and flag.
var habits = map[string]map[string]habit{
	"get": byFlag(map[string]habit{
		"-P --directory-prefix --output-dir":                              {try: "-d DIR"},
		"--output-document --out":                                         {try: "-o FILE"},
		"-C --continue-at":                                                {why: "it is not needed, braid goes on by itself"},
		"-nc --no-clobber":                                                {why: "it is not needed, a file that exists stays unless --force is given"},
		"--fail --fail-with-body --create-dirs":                           {why: "it is not needed, braid does so anyway"},
		"-u --user --http-user --http-password --http-passwd --password":  {why: "FILE holds a line such as Authorization: Bearer …", try: "-H @FILE"},
		"-e --referer":                                                    {try: "-H 'Referer: URL'"},
		"-b --cookie --load-cookies":                                      {why: "FILE holds a line such as Cookie: a=b", try: "-H @FILE"},
		"-t --retries --max-retries --tries --max-tries":                  {try: "--retry N"},
		"--wait --waitretry --retry-wait":                                 {try: "--retry-delay TIME"},
		"-m --max-time --stop":                                            {why: "--timeout is how long a connection may bring nothing", try: "--timeout TIME"},
		"-Z --parallel --parallel-max --max-concurrent-downloads":         {try: "-j N"},
		"--split --max-connection-per-server --num-connections --threads": {try: "-x N"},
		"--min-split-size --piece-length":                                 {why: "braid cuts parts itself"},
		"-r --range":                                                      {why: "braid fetches whole files"},
		"--max-speed --max-download-limit --max-overall-download-limit":   {try: "--limit-rate RATE"},
		"--no-check-certificate --check-certificate":                      {try: "--insecure"},
		"--ca-certificate":                                                {try: "--cacert FILE"},
		"--proxy --all-proxy --http-proxy --https-proxy":                  {why: "it is taken from the environment", try: "HTTPS_PROXY=URL braid …"},
		"-nv --no-verbose -# --progress-bar":                              {try: "--no-progress, or -q"},
		"--overwrite --allow-overwrite":                                   {try: "--force"},
		"-I --head --spider --request -X --data --post-data":              {why: "braid only downloads"},
	}),
	"bench": byFlag(map[string]habit{
		"-n --num-requests --number":        {try: "--requests N"},
		"-t --threads":                      {why: "it uses all processors by itself"},
		"-z --time --seconds --max-time":    {try: "-d TIME"},
		"-R --qps --throughput":             {try: "--rate R"},
		"--concurrency --clients --workers": {try: "-x N"},
		"-o --output":                       {try: "--save FILE, --csv FILE or --html FILE"},
		"--bs --blocksize --block-size":     {try: "--block SIZE"},
	}),
	"serve": byFlag(map[string]habit{
		"-p --port -b --bind -l --listen --host --address": {try: "--addr HOST:PORT"},
		"-d --dir --directory --root":                      {try: "braid serve DIR"},
	}),
}

// byFlag gives each of several flags that stand in one key a key of its own.
func byFlag(all map[string]habit) map[string]habit {
	one := map[string]habit{}
	for flags, h := range all {
		for flag := range strings.FieldsSeq(flags) {
			one[flag] = h
		}
	}
	return one
}

// amount is what aria2 and axel take where braid has a switch: -s4, -k 1M.
var amount = regexp.MustCompile(`^=?[0-9]+[KMkm]?$`)

// otherMeaning is what to say if the flag at the start of words is one that
// braid has, but is not meant as braid means it.
func (c *command) otherMeaning(words []string) error {
	word := words[0]
	if c.name != "get" || len(word) < 2 || word[1] == '-' {
		return nil
	}
	if h, ok := habits["get"][word]; ok && len(word) > 2 { // -nc, which is not -n c
		return h.of(c, word)
	}
	flag, value := word[:2], word[2:]
	if value == "" && len(words) > 1 {
		value = words[1]
	}
	switch {
	case !amount.MatchString(value):
	case flag == "-s":
		return try("-x N", "-s takes no number, it is the same as -q")
	case flag == "-k":
		return try("the command without it, braid cuts parts itself", "-k takes no size, it is the same as --insecure")
	}
	return nil
}
