package registrytest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// Proxy stands before a registry and lets everything pass, but when so many bytes of answers have, all connections
// together: then it cuts them all, once, or the connection falls silent.
type Proxy struct {
	Host string

	l      net.Listener
	target string
	left   atomic.Int64
	sent   atomic.Int64
	silent bool

	mu    sync.Mutex
	conns []net.Conn
}

const unlimited = 1 << 60

// NewProxy starts a proxy to target.
func NewProxy(target string, silent bool) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{Host: l.Addr().String(), l: l, target: target, silent: silent}
	p.left.Store(unlimited)
	go p.serve()
	return p, nil
}

// BreakAfter lets n more bytes pass.
func (p *Proxy) BreakAfter(n int64) { p.left.Store(n) }

// Sent is how many bytes have passed.
func (p *Proxy) Sent() int64 { return p.sent.Load() }

// Close cuts everything and ends the proxy.
func (p *Proxy) Close() {
	p.l.Close()
	p.cut()
}

func (p *Proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func (p *Proxy) serve() {
	for {
		client, err := p.l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		go func() {
			io.Copy(server, client)
			server.Close()
		}()
		go p.answer(client, server)
	}
}

// answer copies what the registry says, as far as it is allowed.
func (p *Proxy) answer(client, server net.Conn) {
	buf := make([]byte, 4<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			client.Close()
			return
		}
		pass := int64(n)
		if left := p.left.Add(-pass); left < 0 {
			pass = max(0, pass+left)
			p.left.Store(unlimited)
		}
		client.Write(buf[:pass])
		p.sent.Add(pass)
		if pass < int64(n) {
			if p.silent {
				io.Copy(io.Discard, server) // and the client waits
				return
			}
			p.cut()
			return
		}
	}
}
