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
	case ".html", ".htm":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".wasm":
		return "application/wasm" // browsers compile it as it comes under no other type
	case ".xml":
		return "application/xml" // it says itself which charset it is in
	case ".pdf":
		return "application/pdf"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".gif":
		return "image/gif"
	case ".webp":
		return "image/webp"
	case ".avif":
		return "image/avif"
	case ".ico":
		return "image/x-icon"
	case ".woff2":
		return "font/woff2"
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
