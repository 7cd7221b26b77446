package topic

import (
	"encoding/json"
	"errors"

	"parley/internal/chat"
	"parley/wsproto"
)

// maxHeadFiles bounds head.attachments, with which old clients named the files
// of a message.
const maxHeadFiles = 32

// files are those that a {pub} shows. One that its sender may not have is
// refused: a link lets all readers fetch it (docs/files.md). What old clients
// name in the head, and new ones copy there, is linked if it can be.
func (t *Topic) files(r *Request) ([]chat.FileID, error) {
	if t.Files == nil {
		return nil, nil
	}
	urls := r.Msg.Extra.Files()
	old := headFiles(r.Msg.Pub.Head["attachments"])
	if len(urls)+len(old) == 0 {
		return nil, nil
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	ids, err := t.Files.Linkable(ctx, r.User, urls)
	if err != nil {
		return nil, err
	}
	for _, url := range old {
		more, err := t.Files.Linkable(ctx, r.User, []string{url})
		if err != nil && !errors.Is(err, wsproto.ErrDenied) {
			return nil, err
		}
		ids = append(ids, more...)
	}
	return ids, nil
}

func headFiles(raw json.RawMessage) []string {
	var urls []string
	if raw == nil || json.Unmarshal(raw, &urls) != nil {
		return nil
	}
	return urls[:min(len(urls), maxHeadFiles)]
}

// avatar is what becomes of a picture with a new public description.
func (t *Topic) avatar(r *Request, public *json.RawMessage) *chat.FileID {
	if t.Files == nil || public == nil {
		return nil
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	return t.Files.Avatar(ctx, r.User, r.Msg.Extra.Files(), *public)
}
