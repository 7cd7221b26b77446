package linkpreview

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// fetchPage makes the preview of a page.
func (s *Service) fetchPage(ctx context.Context, u *url.URL) (*Preview, error) {
	res, err := s.get(ctx, u, "text/html,application/xhtml+xml", "gzip", func(kind string) bool {
		return kind == "text/html" || kind == "application/xhtml+xml"
	})
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := body(res)
	if err != nil {
		return nil, err
	}
	text, err := charset.NewReader(raw, res.Header.Get("Content-Type"))
	switch {
	case err == io.EOF:
		return nil, fmt.Errorf("%w: it is empty", ErrNoPreview)
	case err != nil:
		return nil, failed(err)
	}
	h, err := readHead(text)
	final := res.Request.URL
	p := &Preview{
		URL:         final.String(),
		Title:       plain(cmp.Or(h.meta["og:title"], h.meta["twitter:title"], h.title), maxTitle),
		Description: plain(cmp.Or(h.meta["og:description"], h.meta["twitter:description"], h.meta["description"]), maxDescription),
		Site:        plain(h.meta["og:site_name"], maxSite),
	}
	if image := cmp.Or(h.meta["og:image:secure_url"], h.meta["og:image"], h.meta["og:image:url"], h.meta["twitter:image"],
		h.meta["twitter:image:src"], h.image); image != "" {
		base := final
		if b, err := final.Parse(h.base); err == nil && h.base != "" {
			base = b
		}
		p.Image = s.signedImage(base, image)
	}
	switch {
	case p.Title != "" || p.Description != "":
		return p, nil
	case err != nil:
		return nil, failed(err)
	}
	return nil, fmt.Errorf("%w: the page says nothing about itself", ErrNoPreview)
}

// head is what of a page's head is of interest. Texts are as the page has them.
type head struct {
	title, base, image string
	meta               map[string]string // of the names in metaNames; the first of each counts
}

// metaNames are the properties of pages that are looked for.
var metaNames = map[string]bool{
	"description": true, "og:title": true, "og:description": true, "og:site_name": true,
	"og:image": true, "og:image:url": true, "og:image:secure_url": true,
	"twitter:title": true, "twitter:description": true, "twitter:image": true, "twitter:image:src": true,
}

// readHead reads a page up to the end of its head. What was found before an
// error is returned with it.
func readHead(r io.Reader) (head, error) {
	h := head{meta: make(map[string]string)}
	z := html.NewTokenizer(r)
	z.SetMaxBuf(maxPageBytes)
	inTitle := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); err != io.EOF && err != html.ErrBufferExceeded {
				return h, err
			}
			return h, nil
		case html.TextToken:
			if inTitle && h.title == "" {
				h.title = strings.TrimSpace(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, attributes := z.TagName()
			inTitle = string(name) == "title"
			if string(name) == "body" {
				return h, nil
			}
			if attributes {
				h.element(string(name), z)
			}
		case html.EndTagToken:
			inTitle = false
			if name, _ := z.TagName(); string(name) == "head" {
				return h, nil
			}
		}
	}
}

// element looks at the attributes of an element of the head.
func (h *head) element(name string, z *html.Tokenizer) {
	if name != "meta" && name != "base" && name != "link" {
		return
	}
	var key, content, rel, href string
	for more := true; more; {
		var k, v []byte
		k, v, more = z.TagAttr()
		switch string(k) {
		case "property", "name":
			key = cmp.Or(key, strings.ToLower(strings.TrimSpace(string(v))))
		case "content":
			content = cmp.Or(content, string(v))
		case "rel":
			rel = strings.ToLower(string(v))
		case "href":
			href = strings.TrimSpace(string(v))
		}
	}
	switch {
	case name == "base":
		h.base = cmp.Or(h.base, href)
	case name == "link" && rel == "image_src":
		h.image = cmp.Or(h.image, href)
	case name == "meta" && metaNames[key] && strings.TrimSpace(content) != "":
		h.meta[key] = cmp.Or(h.meta[key], strings.TrimSpace(content))
	}
}

// plain makes one line of at most n runes of a text, without what cannot be seen
// or turns the direction of what stands beside it.
func plain(text string, n int) string {
	var b strings.Builder
	count, gap := 0, false
	for _, r := range strings.ToValidUTF8(text, "") {
		switch {
		case unicode.IsSpace(r):
			gap = b.Len() > 0
			continue
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar, r == '\uFEFF', r == '\u200B':
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
			count++
		}
		if count >= n {
			return strings.TrimSpace(b.String()) + "…"
		}
		b.WriteRune(r)
		count++
	}
	return b.String()
}
