package source

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// beyond is the cases that no answer shows, or not alone, and the tests that
// hold them. The others are rows of TestJudge.
var beyond = map[int][]string{
	25: {"TestJudgeFacts", "TestUnknownSize"},                        // Content-Length and chunked
	30: {"TestMismatch"},                                             // a web page in place of the file
	40: {"TestMismatch"},                                             // a captive portal
	41: {"TestSegments", "TestUnknownSize"},                          // a short body
	42: {"TestCutOverTLS"},                                           // TLS is cut
	43: {"TestReset", "TestResetKeepsBytes"},                         // RST in the middle
	44: {"TestAStallIsFreedAfterExactlyItsTime"},                     // nothing comes any more
	45: {"TestATrickleIsReplaced", "TestATrickleAtTheEndIsReplaced"}, // hardly anything
	46: {"TestOneConnectionPerRange"},                                // HTTP/2 is not spoken
	47: {"TestOneConnectionForManyRanges"},                           // an idle connection is closed
	48: {"TestAnswersThatAreNone"},                                   // a flood of 1xx
	49: {"TestAnswersThatAreNone"},                                   // huge headers
	50: {"TestAnswersThatAreNone"},                                   // no HTTP
	51: {"TestRefusedRedirects"},                                     // circles
	52: {"TestDowngrade"},                                            // from https to http
	53: {"TestHeadersStayWithTheirOrigin"},                           // redirects with credentials
	54: {"TestRefusedRedirects"},                                     // to file:
	55: {"TestRedirectsToPrivateAddresses"},                          // to where clouds keep secrets
	56: {"TestLookups", "TestNoDescriptorIsNotNoHost"},               // names that cannot be looked up
	57: {"TestDialing", "TestBlamedAddressesGoLast"},                 // an address is dead
	58: {"TestDialing", "TestManyAddresses"},                         // IPv6 is broken
	59: {"TestStaleCache", "TestTwoVersionsByTurns"},                 // a cache mixes versions
	62: {"TestPlain"},                                                // no end
}

// Every case of how servers misbehave has a row, or a test of its own.
func TestEveryCaseIsHeld(t *testing.T) {
	var text strings.Builder
	for _, pattern := range []string{"*_test.go", "../*_test.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(names, err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text.Write(content)
		}
	}
	all := text.String()
	for n := 1; n <= 64; n++ {
		row := regexp.MustCompile(fmt.Sprintf(`"case %d\b[^"]*", \w+(\(.*\))?, \w+`, n)).MatchString(all)
		tests := beyond[n]
		if !row && len(tests) == 0 {
			t.Errorf("case %d has no row in TestJudge, and no test", n)
		}
		if i := slices.IndexFunc(tests, func(name string) bool { return !strings.Contains(all, "func "+name+"(") }); i >= 0 {
			t.Errorf("case %d: there is no %s", n, tests[i])
		}
	}
}
