package server

import (
	"mime"
	"path"
	"strings"
)

const octetStream = "application/octet-stream"

// typeOf gives the media type of a file by its extension. The file is never read for it. What is downloaded most is
// named here, so that it does not depend on the tables of the system the server happens to run on.
func typeOf(name string) string {
	ext := strings.ToLower(path.Ext(name))
	switch ext {
	case "", ".bin", ".img", ".deb", ".rpm", ".apk", ".dmg", ".exe", ".msi", ".appimage",
		".qcow2", ".vmdk", ".vhdx", ".parquet", ".safetensors", ".gguf", ".pt", ".onnx":
		return octetStream
	case ".iso":
		return "application/x-iso9660-image"
	case ".tar":
		return "application/x-tar"
	case ".gz", ".tgz":
		return "application/gzip"
	case ".xz", ".txz":
		return "application/x-xz"
	case ".zst":
		return "application/zstd"
	case ".bz2":
		return "application/x-bzip2"
	case ".7z":
		return "application/x-7z-compressed"
	case ".zip":
		return "application/zip"
	case ".txt", ".md", ".log", ".sum", ".sha256", ".sha512", ".asc", ".sig":
		return "text/plain; charset=utf-8"
	case ".csv":
		return "text/csv; charset=utf-8"
	case ".mp4":
		return "video/mp4"
	case ".mkv":
		return "video/x-matroska"
	case ".webm":
		return "video/webm"
	case ".mp3":
		return "audio/mpeg"
	case ".flac":
		return "audio/flac"
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return octetStream
}
