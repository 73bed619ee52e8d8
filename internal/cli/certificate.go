package cli

import (
	"crypto/x509"
	"errors"

	"braid/scheduler/source"
)

// judgeCertificate is what to do about a server's certificate that was refused.
// When it is a matter of dates, the error has the time of this machine in it.
func judgeCertificate(err error) (hint string) {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "check the clock of this machine, or tell whoever runs the server"
	}
	switch {
	case as[x509.UnknownAuthorityError](err):
		return "--cacert FILE names an authority to trust"
	case as[x509.HostnameError](err):
		return "check the name of the host, the certificate is another's"
	case as[*source.PinError](err):
		return "if the server has a new key, and you know that from elsewhere, pin that one"
	}
	return ""
}
