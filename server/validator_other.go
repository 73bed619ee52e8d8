//go:build !linux && !darwin

package server

import "io/fs"

// inodeOf gives nothing here: an [fs.FileInfo] carries no inode and no time of change, so tags stay weak.
func inodeOf(fs.FileInfo) (node inode, complete bool) { return inode{}, false }
