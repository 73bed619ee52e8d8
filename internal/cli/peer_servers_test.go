package cli

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// Other people's servers, each on a port of its own, with a configuration of its
// own, until the test ends. The test is skipped where they are not installed.

// nginxAt serves dir with nginx, over HTTP and HTTPS; more goes into its http block.
func nginxAt(t *testing.T, dir, more string) (plain, secure, authority string) {
	t.Helper()
	nginx := program(t, "nginx")
	home, at, over := t.TempDir(), freeAddress(t), freeAddress(t)
	cert, key := certificate(t, home)
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // whom else the test's folders are closed to
	}
	conf := write(t, filepath.Join(home, "nginx.conf"), `
		%[7]s daemon off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error.log;
		events { worker_connections 128; }
		http {
			access_log off; sendfile on; types { text/plain txt; } default_type application/octet-stream; %[8]s
			client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
			server { listen %[2]s; root %[3]s; }
			server { listen %[4]s ssl http2; ssl_certificate %[5]s; ssl_certificate_key %[6]s; root %[3]s; }
		}`, home, at, dir, over, cert, key, user, more)
	daemon(t, at, nginx, "-c", conf, "-e", filepath.Join(home, "error.log"))
	return "http://" + at + "/", "https://" + over + "/", cert
}

func apacheAt(t *testing.T, dir string) (url string) {
	t.Helper()
	apache := program(t, "apache2")
	home, address := t.TempDir(), freeAddress(t)
	conf := write(t, filepath.Join(home, "apache.conf"), `
		ServerRoot %[1]s
		ServerName localhost
		Listen %[2]s
		PidFile %[1]s/pid
		ErrorLog %[1]s/error.log
		Mutex posixsem
		LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
		LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
		DocumentRoot %[3]s
		<Directory %[3]s>
			Require all granted
		</Directory>`, home, address, dir)
	daemon(t, address, apache, "-D", "FOREGROUND", "-f", conf)
	return "http://" + address + "/"
}

func lighttpdAt(t *testing.T, dir, more string) (url string) {
	t.Helper()
	lighttpd := program(t, "lighttpd")
	home, address := t.TempDir(), freeAddress(t)
	host, port, _ := net.SplitHostPort(address)
	conf := write(t, filepath.Join(home, "lighttpd.conf"), `
		server.document-root = "%s"
		server.bind = "%s"
		server.port = %s
		server.errorlog = "%s/error.log"
		%s
		`, dir, host, port, home, more)
	daemon(t, address, lighttpd, "-D", "-f", conf)
	return "http://" + address + "/"
}

func pythonAt(t *testing.T, dir string) (url string) {
	t.Helper()
	python := program(t, "python3")
	address := freeAddress(t)
	host, port, _ := net.SplitHostPort(address)
	daemon(t, address, python, "-m", "http.server", port, "--bind", host, "--directory", dir)
	return "http://" + address + "/"
}
