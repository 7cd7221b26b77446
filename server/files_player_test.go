package server

import (
	"context"
	"errors"
	"strings"

	"parley/internal/chat"
	"parley/internal/wstest"
	"parley/server/files"
	"parley/store"
)

// player plays transcripts, in which people have files.
func (h *harness) player(d wstest.Dialer) *wstest.Player {
	p := wstest.NewPlayer(d, h.account)
	p.Files = playedFiles{h}
	return p
}

type playedFiles struct{ h *harness }

func userID(text string) (chat.UID, error) {
	if text == "" {
		return 0, nil
	}
	return chat.ParseUID(text)
}

func (p playedFiles) Upload(user string) (string, error) {
	uid, err := userID(user)
	if err != nil {
		return "", err
	}
	f, err := p.h.files.Receive(context.Background(), files.Upload{Owner: uid, Body: strings.NewReader("a file")})
	if err != nil {
		return "", err
	}
	return p.h.files.URL(f), nil
}

func (p playedFiles) Fetch(user, url string) (int, error) {
	uid, err := userID(user)
	if err != nil {
		return 0, err
	}
	id, ok := p.h.files.Parse(url)
	if !ok {
		return 404, nil
	}
	_, err = p.h.files.MayFetch(context.Background(), uid, id)
	switch {
	case errors.Is(err, files.ErrDenied):
		return 403, nil
	case errors.Is(err, store.ErrNotFound):
		return 404, nil
	}
	return 200, err
}
