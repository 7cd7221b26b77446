package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// maxPasswordBytes is far more than anybody types.
const maxPasswordBytes = 4096

// password reads a new password: the first line of stdin, or typed twice in a
// terminal. It is never an argument, which everybody on the machine could see.
func (o *operator) password(fromStdin bool) (string, error) {
	if fromStdin {
		line, err := bufio.NewReader(io.LimitReader(o.stdin, maxPasswordBytes)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", errors.New("there is no password on stdin")
		}
		return line, nil
	}
	if !term.IsTerminal(int(o.stdin.Fd())) {
		return "", misuse("no terminal to ask for the password: use --password-stdin or --generate")
	}
	first, err := o.typed("Password: ")
	if err != nil {
		return "", err
	}
	again, err := o.typed("Once more: ")
	if err == nil && first != again {
		err = errors.New("the two are not the same")
	}
	return first, err
}

// typed reads a line without showing it. A signal must not leave the terminal
// so.
func (o *operator) typed(prompt string) (string, error) {
	fd := int(o.stdin.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	stop := context.AfterFunc(o.ctx, func() {
		_ = term.Restore(fd, state)
		fmt.Fprintln(o.stderr)
		os.Exit(exitError)
	})
	defer stop()
	fmt.Fprint(o.stderr, prompt)
	line, err := term.ReadPassword(fd)
	fmt.Fprintln(o.stderr)
	return string(line), err
}

// generated is a password of 26 characters, 130 bits.
func generated() string { return strings.ToLower(rand.Text()) }

// confirm asks a question that must be answered with a word.
func (o *operator) confirm(question, word string) error {
	if !term.IsTerminal(int(o.stdin.Fd())) {
		return misuse("no terminal to ask for a confirmation: use --yes")
	}
	fmt.Fprintf(o.stderr, "%s Type %s to go on: ", question, plain(word))
	line, err := bufio.NewReader(io.LimitReader(o.stdin, maxPasswordBytes)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(line) != word {
		return errors.New("nothing was done")
	}
	return nil
}
