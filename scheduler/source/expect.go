package source

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Mismatch is why an answer of the media type got, as mediaType or
// HTTP.ContentType give it, is not the file that was asked for; "" if nothing
// speaks against it.
//
// want is what the user expects: a media type, TYPE/* or "any". If it is "" the
// name says it: a web page, or a list of mirrors, is not what a name such as
// big.iso stands for, but what is sent in its place by hotels, expired links
// and some mirrors. A name that does not say what it is may be anything.
func Mismatch(name, want, got string) string {
	switch kind, any := strings.CutSuffix(want, "/*"); {
	case want == "any":
		return ""
	case want != "" && got == "":
		return fmt.Sprintf("it does not say what it sends, and %s was expected", want)
	case want != "" && got != want && !(any && strings.HasPrefix(got, kind+"/")):
		return fmt.Sprintf("it sends %s, and %s was expected", clean(got, 80), want)
	case want != "":
		return ""
	}
	what := stand(got)
	if what == "" || !slices.Contains(others, kindOf(name)) {
		return ""
	}
	return fmt.Sprintf("it sends %s (%s) in place of %s", what, clean(got, 80), clean(name, maxName))
}

// stand says what stands in for files, if an answer of this type does.
func stand(mime string) string {
	switch mime {
	case "text/html", "application/xhtml+xml":
		return "a web page"
	case "application/metalink4+xml", "application/metalink+xml":
		return "a list of mirrors"
	}
	return ""
}

// kindOf is the extension of name. A page that is packed is a page: some
// servers give it the type of what is inside.
func kindOf(name string) string {
	ext := strings.ToLower(path.Ext(name))
	if slices.Contains([]string{".gz", ".bz2", ".xz", ".zst", ".br"}, ext) {
		switch inner := strings.ToLower(path.Ext(strings.TrimSuffix(name, path.Ext(name)))); inner {
		case ".html", ".htm", ".xhtml", ".shtml", ".php", ".svg", ".metalink", ".meta4":
			return inner
		}
	}
	return ext
}

// others are the extensions of files that are neither web pages nor lists of
// mirrors, and that no server sends as one: archives, programs, images of disks,
// pictures, sound, films, documents, data.
var others = strings.Fields(`
	.7z .apk .appimage .bin .bz2 .cab .cpio .crate .deb .dll .dmg .ear .exe .flatpak .gem .gz .img .ipa .iso .jar
	.lz .lz4 .lzma .lzo .msi .msix .nupkg .ova .pkg .qcow2 .rar .raw .rpm .run .snap .so .squashfs .tar .tbz2 .tgz .txz
	.tzst .vdi .vhd .vhdx .vmdk .war .whl .wim .xz .z .zip .zst
	.asc .minisig .sig .torrent
	.avif .bmp .gif .heic .ico .jpeg .jpg .jxl .png .psd .tif .tiff .webp
	.aac .aiff .flac .m4a .mp3 .oga .ogg .opus .wav .wma
	.avi .flv .m4v .mkv .mov .mp4 .mpeg .mpg .ogv .webm .wmv
	.doc .docx .epub .mobi .odp .ods .odt .pdf .ppt .pptx .xls .xlsx
	.ckpt .db .feather .gguf .h5 .hdf5 .npy .npz .onnx .parquet .pt .pth .safetensors .sqlite .woff .woff2`)
