package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// serveNginx starts an nginx of our own: its folder, its port, its
// configuration.
func (b *bench) serveNginx(ctx context.Context, s spec) (*web, error) {
	prefix, err := os.MkdirTemp(b.dir, "nginx-")
	if err != nil {
		return nil, err
	}
	address, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(prefix, "nginx.conf")
	if err := os.WriteFile(conf, []byte(nginxConf(s, prefix, address, os.Getuid() == 0)), 0o600); err != nil {
		return nil, err
	}
	said, err := os.Create(filepath.Join(prefix, "said"))
	if err != nil {
		return nil, err
	}
	defer said.Close()
	c := exec.Command(b.at["nginx"], "-p", prefix, "-c", conf)
	c.Stdout, c.Stderr = said, said
	if err := c.Start(); err != nil {
		return nil, err
	}
	w := &web{url: "http://" + address + "/", pid: c.Process.Pid, stop: func() {
		terminate(c)
		_ = os.RemoveAll(prefix)
	}}
	if s.cert != "" {
		w.url = "https://" + address + "/"
	}
	if err := reachable(ctx, address); err != nil {
		words, _ := os.ReadFile(said.Name())
		w.stop()
		return nil, fmt.Errorf("nginx: %w: %s", err, tail(string(words), 400))
	}
	return w, nil
}

// nginxConf is a configuration that nginx is fast with.
func nginxConf(s spec, prefix, address string, root bool) string {
	var conf strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&conf, format+"\n", args...) }
	if root {
		say("user root;") // the folders are ours alone
	}
	say("daemon off;\nworker_processes auto;\npid %s/pid;\nerror_log stderr;", prefix)
	say("events { worker_connections 4096; }\nhttp {")
	say("access_log off; sendfile on; keepalive_requests 1000000; default_type application/octet-stream;")
	if !s.small {
		say("tcp_nopush on;") // as in Debian's configuration
	}
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		say("%s_temp_path %s/%s;", kind, prefix, kind)
	}
	if s.cert == "" {
		say("server { listen %s;", address)
	} else {
		say("server { listen %s ssl; ssl_certificate %s; ssl_certificate_key %s; ssl_protocols TLSv1.2 TLSv1.3;", address, s.cert, s.key)
	}
	say("root %s;", s.root)
	if s.rate > 0 {
		say("location / { limit_rate %d; }", s.rate)
	}
	say("} }")
	return conf.String()
}

// freePort is an address of this machine where nobody listens.
func freePort(ctx context.Context) (string, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// dialled says whether somebody listens there.
func dialled(ctx context.Context, address string) bool {
	d := net.Dialer{Timeout: time.Second}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
