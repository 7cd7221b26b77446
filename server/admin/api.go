package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// maxRequestBytes bounds a request; none is longer than a few names.
const maxRequestBytes = 1 << 20

// answer is what every operation is answered with: one of the three. A backup
// sends several, each on a line, of which the last is no Progress.
type answer struct {
	Result   json.RawMessage `json:"result,omitempty"`
	Fault    string          `json:"fault,omitempty"` // a refusal, for people
	Error    string          `json:"error,omitempty"` // a failure of the server
	Progress *[2]int         `json:"progress,omitempty"`
}

// none stands for no request or no result.
type none struct{}

// Handler serves the operations: POST /NAME with a request in JSON. It must be
// served only where the operator alone gets.
func Handler(ops Operations) http.Handler {
	mux := http.NewServeMux()
	handle(mux, "user.add", ops.AddUser)
	handle(mux, "user.list", ops.Users)
	handle(mux, "user.show", ops.User)
	handle(mux, "user.passwd", ops.SetPassword)
	handle(mux, "user.state", ops.SetState)
	handle(mux, "user.root", ops.SetRoot)
	handle(mux, "user.delete", ops.DeleteUser)
	handle(mux, "user.factor", ops.ClearFactor)
	handle(mux, "invite.new", ops.NewInvite)
	handle(mux, "invite.list", func(ctx context.Context, _ none) ([]Invite, error) { return ops.Invites(ctx) })
	handle(mux, "invite.delete", func(ctx context.Context, code string) (none, error) { return none{}, ops.DeleteInvite(ctx, code) })
	handle(mux, "token.revoke", ops.Revoke)
	handle(mux, "audit", ops.Audit)
	mux.HandleFunc("POST /backup", func(w http.ResponseWriter, r *http.Request) { serveBackup(w, r, ops) })
	return mux
}

func handle[Req, Res any](mux *http.ServeMux, name string, do func(context.Context, Req) (Res, error)) {
	mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
		var req Req
		if !decode(w, r, &req) {
			return
		}
		res, err := do(r.Context(), req)
		send(w, finish(res, err))
	})
}

func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequestBytes)).Decode(into)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		send(w, answer{Error: "malformed request: " + err.Error()})
	}
	return err == nil
}

// finish is the answer to a result or an error.
func finish(result any, err error) answer {
	var refused *Fault
	switch {
	case errors.As(err, &refused):
		return answer{Fault: refused.Text}
	case err != nil:
		return answer{Error: err.Error()}
	}
	text, err := json.Marshal(result)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Result: text}
}

func send(w http.ResponseWriter, a answer) {
	_ = json.NewEncoder(w).Encode(&a) // the caller has gone: nobody to tell
}

// progressEvery is of how many steps one is told.
const progressEvery = 8

// serveBackup tells how far it is while it works. It ends if the caller goes.
func serveBackup(w http.ResponseWriter, r *http.Request, ops Operations) {
	var path string
	if !decode(w, r, &path) {
		return
	}
	flush := http.NewResponseController(w)
	steps := 0
	err := ops.Backup(r.Context(), path, func(done, total int) {
		if steps++; steps%progressEvery == 1 {
			send(w, answer{Progress: &[2]int{done, total}})
			_ = flush.Flush()
		}
	})
	send(w, finish(none{}, err))
}
