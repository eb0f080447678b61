package dbops

import (
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// goodbye is how long a server may take to end a session.
const goodbye = time.Second

// closeQuietly ends a session and waits until the server has: as long as it has not, the session takes one of the server's
// connections, of which we promise to take few. A lost connection the server notices by itself.
func closeQuietly(c *pgconn.PgConn) {
	h, err := c.Hijack()
	if err != nil {
		return // closed already
	}
	defer h.Conn.Close()
	stop := time.AfterFunc(goodbye, func() { _ = h.Conn.Close() })
	defer stop.Stop()
	h.Frontend.Send(&pgproto3.Terminate{})
	if h.Frontend.Flush() == nil {
		_, _ = io.Copy(io.Discard, h.Conn) // it ends with the session
	}
}
