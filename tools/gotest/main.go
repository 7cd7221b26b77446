// Command gotest runs "go test -json" with the arguments it is given, prints a
// line for each package, everything that a failed test said, the name and
// reason of each skipped test, and at last how many there were:
//
//	race: 412 passed, 0 failed, 2 skipped
//
// Subtests count like tests. The exit code is that of go test, or 1 if no test
// ran. With -tally the three numbers are also appended to a file.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	label := flag.String("label", "test", "the word before the numbers")
	tally := flag.String("tally", "", "file to which the numbers are appended")
	flag.Parse()
	os.Exit(run(*label, *tally, flag.Args()))
}

func run(label, tally string, args []string) int {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		return 1
	}
	c := counter{out: os.Stdout, said: make(map[test][]string)}
	c.read(out)
	err = cmd.Wait()
	c.end()
	fmt.Printf("%s: %d passed, %d failed, %d skipped\n", label, c.passed, c.failed, len(c.skipped))
	if tally != "" {
		if err := appendLine(tally, fmt.Sprintf("%d %d %d\n", c.passed, c.failed, len(c.skipped))); err != nil {
			fmt.Fprintln(os.Stderr, "gotest:", err)
			return 1
		}
	}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		fmt.Fprintln(os.Stderr, "gotest:", err)
		return 1
	case c.passed == 0:
		fmt.Fprintln(os.Stderr, "gotest: no test ran")
		return 1
	}
	return 0
}

func appendLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line)
	return errors.Join(err, f.Close())
}

// test is one test of one package.
type test struct{ pkg, name string }

// counter reads what test2json writes (go doc test2json).
type counter struct {
	out            io.Writer
	said           map[test][]string // output of tests that have not ended
	passed, failed int
	skipped        []string
}

type event struct {
	Action, Package, Test, Output string
}

func (c *counter) read(r io.Reader) {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(c.out, line) // not of test2json: show it
			} else {
				c.take(e)
			}
		}
		if err != nil {
			return
		}
	}
}

func (c *counter) take(e event) {
	t := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(c.out, e.Output)
	case "output":
		if e.Test != "" {
			c.said[t] = append(c.said[t], e.Output)
		} else if e.Output != "PASS\n" {
			fmt.Fprint(c.out, e.Output)
		}
	case "pass":
		if e.Test != "" {
			c.passed++
			delete(c.said, t)
		}
	case "skip":
		if e.Test != "" {
			c.skipped = append(c.skipped, fmt.Sprintf("%s %s: %s", e.Package, e.Test, reason(c.said[t])))
			delete(c.said, t)
		}
	case "fail":
		if e.Test != "" {
			c.failed++
			c.tell(t)
			return
		}
		for _, u := range c.unfinished(e.Package) { // a panic, or the time was up
			c.tell(u)
		}
	}
}

// tell prints what a test said.
func (c *counter) tell(t test) {
	fmt.Fprint(c.out, strings.Join(c.said[t], ""))
	delete(c.said, t)
}

func (c *counter) unfinished(pkg string) []test {
	var list []test
	for t := range c.said {
		if t.pkg == pkg {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b test) int { return strings.Compare(a.name, b.name) })
	return list
}

// end lists what was skipped.
func (c *counter) end() {
	for _, s := range c.skipped {
		fmt.Fprintln(c.out, "skipped:", s)
	}
}

// reason is what a skipped test said last, without the place.
func reason(said []string) string {
	for _, line := range slices.Backward(said) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "--- SKIP") || strings.HasPrefix(line, "=== ") {
			continue
		}
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			_, line, _ = strings.Cut(text, ": ")
		}
		return line
	}
	return "no reason given"
}
