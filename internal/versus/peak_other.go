//go:build !unix

package main

import "os"

// peakOf and ownPeak are not known here.
func peakOf(*os.ProcessState) int64 { return 0 }
func ownPeak() int64                { return 0 }
