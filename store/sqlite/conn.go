package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"parley/internal/chat"
	"parley/store"
)

// conn is a connection of the driver with the statements prepared on it, for
// one goroutine at a time. It goes round database/sql, whose scanning and
// bookkeeping would cost as much as SQLite itself on our short statements.
type conn struct {
	raw   driver.Conn
	stmts map[string]*stmt
	args  []driver.NamedValue // of the statement about to run
}

type stmt struct {
	driver interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	row row
}

// openConn opens a connection to a file with some pragmas, "name(value)".
func openConn(path string, pragmas ...string) (*conn, error) {
	raw, err := (&sqlite.Driver{}).Open(dsn(path, pragmas...))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	return &conn{raw: raw, stmts: map[string]*stmt{}}, nil
}

// dsn is the name of a file for the driver, whatever characters are in it.
func dsn(path string, pragmas ...string) string {
	q := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	path = filepath.ToSlash(path)
	if filepath.IsAbs(path) && !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/… is file:///C:/…
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// close finalizes the statements first: what is still open keeps the -wal file.
func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.driver.Close())
	}
	c.stmts = nil
	return errors.Join(append(errs, c.raw.Close())...)
}

// stmt returns the prepared form of one SQL statement. Beware of "LIMIT ?": the
// planner looks at the value, and so SQLite plans the statement again for every
// value, at the price of running it twice. "LIMIT ? + 0" hides it.
func (c *conn) stmt(text string) (*stmt, error) {
	if s := c.stmts[text]; s != nil {
		return s, nil
	}
	d, err := c.raw.Prepare(text)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", text, err)
	}
	s := &stmt{}
	s.driver = d.(interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	})
	c.stmts[text] = s
	return s, nil
}

// exec runs a statement and returns how many rows it changed. A broken unique
// key is store.ErrDuplicate.
func (c *conn) exec(text string, args ...any) (changes int, err error) {
	s, err := c.stmt(text)
	if err != nil {
		return 0, err
	}
	// The context of a caller would cost a goroutine in the driver.
	r, err := s.driver.ExecContext(context.Background(), c.bind(args))
	if err != nil {
		return 0, translate(err)
	}
	n, err := r.RowsAffected()
	return int(n), err
}

// errStop ends a query early, without an error.
var errStop = errors.New("stop")

// query runs a statement and calls each for every row, until it returns an
// error; errStop is none.
func (c *conn) query(text string, each func(*row) error, args ...any) (err error) {
	s, err := c.stmt(text)
	if err != nil {
		return err
	}
	rows, err := s.driver.QueryContext(context.Background(), c.bind(args))
	if err != nil {
		return translate(err)
	}
	defer func() {
		if e := rows.Close(); err == nil && e != nil {
			err = translate(e)
		}
	}()
	r := &s.row
	if r.vals == nil {
		r.vals = make([]driver.Value, len(rows.Columns()))
	}
	for {
		if err := rows.Next(r.vals); err == io.EOF {
			return nil
		} else if err != nil {
			return translate(err)
		}
		r.next = 0
		if err := each(r); err == errStop {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// one runs a query for its first row, or returns store.ErrNotFound.
func (c *conn) one(text string, each func(*row), args ...any) error {
	found := false
	err := c.query(text, func(r *row) error {
		found = true
		each(r)
		return errStop
	}, args...)
	if err == nil && !found {
		return store.ErrNotFound
	}
	return err
}

// number runs a query for one number, or returns store.ErrNotFound.
func (c *conn) number(text string, args ...any) (n int64, err error) {
	err = c.one(text, func(r *row) { n = r.num() }, args...)
	return n, err
}

// snapshot runs several reads that see the same state.
func (c *conn) snapshot(read func() error) (err error) {
	if _, err := c.exec("BEGIN"); err != nil {
		return err
	}
	defer func() {
		_, e := c.exec("COMMIT")
		err = errors.Join(err, e)
	}()
	return read()
}

// bind turns arguments into what the driver takes. They are valid until the
// next statement.
func (c *conn) bind(args []any) []driver.NamedValue {
	c.args = c.args[:0]
	for i, a := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: value(a)})
	}
	return c.args
}

func value(a any) driver.Value {
	switch a := a.(type) {
	case int:
		return int64(a)
	case chat.UID:
		return int64(a)
	case chat.FileID:
		return int64(a)
	case chat.Mode:
		return int64(a)
	case chat.Level:
		return int64(a)
	case store.State:
		return int64(a)
	case time.Time:
		return millis(a)
	case json.RawMessage:
		if len(a) == 0 {
			return nil
		}
		return []byte(a)
	}
	return a // int64, bool, string, []byte, nil: the driver's own
}

// millis is a time as we store it; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// translate says store.ErrDuplicate for a broken unique key.
func translate(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
			return fmt.Errorf("%w: %w", store.ErrDuplicate, err)
		}
	}
	return err
}

// row is a row of a result, read column by column from the left.
type row struct {
	vals []driver.Value
	next int
}

func (r *row) value() driver.Value {
	r.next++
	return r.vals[r.next-1]
}

// num reads a number; NULL is 0.
func (r *row) num() int64 {
	n, _ := r.value().(int64)
	return n
}

func (r *row) int() int      { return int(r.num()) }
func (r *row) flag() bool    { return r.num() != 0 }
func (r *row) uid() chat.UID { return chat.UID(r.num()) }

func (r *row) mode() chat.Mode    { return chat.Mode(r.num()) }
func (r *row) state() store.State { return store.State(r.num()) }

func (r *row) time() time.Time {
	if n := r.num(); n != 0 {
		return time.UnixMilli(n).UTC()
	}
	return time.Time{}
}

// text reads a text; NULL is empty.
func (r *row) text() string {
	s, _ := r.value().(string)
	return s
}

// bytes reads a blob; NULL is nil. The bytes belong to the caller.
func (r *row) bytes() []byte {
	b, _ := r.value().([]byte)
	return b
}
