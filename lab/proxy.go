package lab

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
)

// Cut says what a proxy does when its hook sees what the client sends.
type Cut int

const (
	// Pass forwards it.
	Pass Cut = iota
	// CutBefore closes both sides; the server never sees it.
	CutBefore
	// Hang keeps it from the server and tells nobody, as a network that loses packets does.
	Hang
	// CutAfter forwards it, waits for the server's answer, and closes the client's side without it.
	CutAfter
)

// Proxy forwards connections to a port of loopback and returns its own. hook sees every chunk that a client sends.
func Proxy(t testing.TB, to int, hook func(chunk []byte) Cut) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", to))
			if err != nil {
				_ = client.Close()
				continue
			}
			go forward(client, server, hook)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func forward(client, server net.Conn, hook func([]byte) Cut) {
	swallow := make(chan struct{})
	go answer(client, server, swallow)
	defer client.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			_ = server.Close()
			return
		}
		switch hook(buffer[:n]) {
		case Pass:
		case CutBefore:
			_ = server.Close()
			return
		case Hang:
			continue
		case CutAfter:
			close(swallow)
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// answer forwards what the server says, until it is told to swallow: then it closes both sides instead.
func answer(client, server net.Conn, swallow <-chan struct{}) {
	defer client.Close()
	defer server.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		if err != nil && (!errors.Is(err, io.EOF) || n == 0) {
			return
		}
		select {
		case <-swallow:
			return
		default:
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}
