package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"parley/server/files"
	"parley/server/tus"
	"parley/wsproto"
)

// tusPath is that of uploads in pieces, after the API path.
const tusPath = "v0/file/tus/"

// newTus makes what takes files in pieces; nil if nothing does.
func (s *Server) newTus(d *Deps) (*tus.Service, error) {
	m := &d.Config.Media
	if s.files == nil || !m.Resumable.Enabled || d.Uploads == "" {
		return nil, nil
	}
	t, err := tus.New(tus.Deps{
		Folder: d.Uploads, Files: d.Files, Finish: s.finishUpload, Log: d.Log, Now: s.now,
		Config: tus.Config{
			Path: d.Config.APIPath + tusPath, MaxFile: m.MaxUploadBytes, MaxPerUser: m.Resumable.MaxPerUser,
			BytesPerUser: m.Resumable.BytesPerUser, Bytes: m.Resumable.Bytes, KeepFor: m.Resumable.ExpireIn,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("unfinished uploads: %w", err)
	}
	return t, nil
}

func (s *Server) tusRoutes(mux *http.ServeMux) {
	if s.tus == nil {
		return
	}
	path := s.cfg.APIPath + tusPath
	mux.HandleFunc(path, s.serveTus)
	mux.HandleFunc(strings.TrimSuffix(path, "/"), s.serveTus) // a redirect would lose the body
}

// serveTus lets in users. Who they are is asked for every piece: a token that
// expires meanwhile is renewed by the client, and the upload goes on.
func (s *Server) serveTus(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if w.Header().Get("Connection") == "close" { // see tus.Unwanted
			linger(w, r)
		}
	}()
	if r.Method == http.MethodOptions {
		s.tus.Announce(w.Header())
	}
	if s.cors(w, r, tus.Methods...) {
		return
	}
	who, err := s.identify(r, s.credentials(r))
	if err == nil && who == nil {
		err = wsproto.ErrAuthRequired
	}
	if err != nil {
		if r.ContentLength != 0 {
			tus.Unwanted(w)
		}
		e := s.fileError(err)
		s.refuse(w, e.Code, e)
		return
	}
	root := s.cfg.APIPath + tusPath
	if r.URL.Path+"/" == root {
		r.URL.Path = root
	}
	if r.Method == http.MethodPost && r.URL.Path == root {
		if wait := s.sessions.ChargeUpload(s.remote(r), who.User); wait > 0 {
			s.refuseBusy(w, wait)
			return
		}
	}
	still := func(ctx context.Context) error { return s.sessions.Still(ctx, s.remote(r), who) }
	s.tus.Serve(w, r.WithContext(context.WithValue(r.Context(), stillKey{}, still)), who.User)
}

// stillKey is that of what tells whether the sender of a request is still who he
// was, in its context.
type stillKey struct{}

// still refuses to finish the upload of somebody who lost his right while it
// came. It can be finished with another secret.
func still(ctx context.Context) error {
	if f, ok := ctx.Value(stillKey{}).(func(context.Context) error); ok {
		if err := f(ctx); err != nil {
			return tus.Later{Err: err}
		}
	}
	return nil
}

// finishUpload does with a file that came in pieces what is done with any other.
func (s *Server) finishUpload(ctx context.Context, f tus.File) (tus.Result, error) {
	if err := still(ctx); err != nil {
		return tus.Result{}, err
	}
	file, err := s.files.Receive(ctx, files.Upload{Owner: f.Owner, Body: f.Body, Type: f.Type, Size: f.Size})
	if err != nil {
		return tus.Result{}, s.fileError(err)
	}
	if err := still(ctx); err != nil { // to store it may take long, too
		s.files.Discard(ctx, file)
		return tus.Result{}, err
	}
	params, err := json.Marshal((&upload{server: s, file: file}).taken().Params)
	return tus.Result{URL: s.files.URL(file), Params: params}, err
}
