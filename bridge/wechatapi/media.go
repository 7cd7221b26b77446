package wechatapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"time"

	"parley/internal/wechat"
)

const maxVoice = 2 << 20 // bytes (bridges.md §C10)

// Errors of Voice.
var (
	ErrMedia = errors.New("wechatapi: unknown to WeChat, or older than three days")
	ErrKind  = errors.New("wechatapi: not a voice message")
)

// Voice is a voice message: AMR, 8 kHz, one channel.
type Voice struct {
	Data     []byte
	Duration time.Duration
}

// MediaType is that of all voice messages.
const MediaType = "audio/amr"

var mediaIDs = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// Voice fetches a voice message that was uploaded by the JS-SDK on a page of an
// app. WeChat keeps it for three days: ErrMedia, and ErrKind if it is something
// else.
func (s *Service) Voice(ctx context.Context, app, mediaID string) (*Voice, error) {
	a := s.apps[app]
	switch {
	case a == nil:
		return nil, ErrApp
	case !mediaIDs.MatchString(mediaID):
		return nil, ErrMedia
	}
	const path = "/cgi-bin/media/get"
	var f *wechat.File
	err := s.do(ctx, a, path, func(token string) (err error) {
		var other struct {
			VideoURL string `json:"video_url"`
		}
		f, err = s.client.GetFile(ctx, path, url.Values{"access_token": {token}, "media_id": {mediaID}}, maxVoice, &other)
		return err
	})
	switch {
	case wechat.Code(err) == 40007:
		return nil, ErrMedia
	case err != nil:
		return nil, err
	case f == nil:
		return nil, ErrKind
	}
	d, err := amrDuration(f.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKind, err)
	}
	return &Voice{f.Body, d}, nil
}

// amrMagic begins a file of AMR, narrow band, one channel (RFC 4867 §5.1).
var amrMagic = []byte("#!AMR\n")

// amrFrames are the bytes of a frame after its header, by the frame's type; a
// frame is 20 ms (RFC 4867 §5.3, 3GPP TS 26.101).
var amrFrames = [16]int{12, 13, 15, 17, 19, 20, 26, 31, 5, -1, -1, -1, -1, -1, -1, 0}

// amrDuration walks through the frames. A last one that is cut short is no fault:
// phones do that.
func amrDuration(b []byte) (time.Duration, error) {
	rest, ok := bytes.CutPrefix(b, amrMagic)
	if !ok {
		return 0, errors.New("not AMR")
	}
	var d time.Duration
	for len(rest) > 0 {
		n := amrFrames[rest[0]>>3&15]
		if n < 0 {
			return 0, errors.New("broken AMR")
		}
		if len(rest) < 1+n {
			break
		}
		rest = rest[1+n:]
		d += 20 * time.Millisecond
	}
	if d == 0 {
		return 0, errors.New("AMR without a sound")
	}
	return d, nil
}
