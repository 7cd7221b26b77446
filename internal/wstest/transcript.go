package wstest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// Transcript is a parsed file.
type Transcript struct {
	// Config is what the file says of the server's configuration: keys of
	// tinode.conf that differ from the usual ones of transcripts.
	Config string
	// MemoryOnly is set for a transcript that would take too long in real time.
	MemoryOnly bool

	steps []step
}

// step is a directive and what is to arrive in consequence.
type step struct {
	line    int // of the file
	text    string
	ordered bool // frames of one session come in the order in which they are written
	want    []string
}

// Parse reads a transcript from a file.
func Parse(path string) (*Transcript, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	tr, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return tr, nil
}

// Read reads a transcript.
func Read(r io.Reader) (*Transcript, error) {
	tr := &Transcript{}
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case isExpectation(line):
			if len(tr.steps) == 0 {
				return nil, fmt.Errorf("line %d: nothing was done yet", n)
			}
			if err := checkExpectation(line); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			s := &tr.steps[len(tr.steps)-1]
			s.want = append(s.want, line)
		case line == "only memory":
			tr.MemoryOnly = true
		case strings.HasPrefix(line, "config "):
			tr.Config = strings.TrimPrefix(line, "config ")
		default:
			text, ordered := strings.CutPrefix(line, "ordered ")
			tr.steps = append(tr.steps, step{line: n, text: text, ordered: ordered})
		}
	}
	return tr, sc.Err()
}

// isExpectation tells "A< …" and "A<? …".
func isExpectation(line string) bool {
	who, _, ok := strings.Cut(line, "< ")
	if !ok {
		who, _, ok = strings.Cut(line, "<? ")
	}
	return ok && !strings.ContainsAny(who, " {>")
}

func checkExpectation(line string) error {
	_, frame, _ := strings.Cut(line, " ")
	if strings.HasPrefix(frame, "{") && !json.Valid([]byte(frame)) {
		return fmt.Errorf("not JSON: %s", frame)
	}
	return nil
}
