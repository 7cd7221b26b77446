package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/internal/audit"
	"parley/server/admin"
)

// auditCommands read the audit log.
func auditCommands() []command {
	return []command{
		{"audit", "", "show who did what to whom, the newest last\n\n" + whoHelp + "\nWith --json there is one entry a line.", auditShow},
	}
}

const (
	followEvery = time.Second
	followBack  = 10 * time.Second // an entry may be stored a little after its time
)

func auditShow(set *flag.FlagSet) func(*operator, []string) error {
	var r admin.AuditFilter
	set.StringVar(&r.User, "user", "", "what `user` did or suffered")
	set.StringVar(&r.Act, "act", "", "only this `act`, or its beginning: login, password")
	since := set.Duration("since", 0, "only the last `time`, such as 24h; default: everything")
	set.IntVar(&r.Limit, "limit", 0, "only the newest `n`")
	follow := set.Bool("follow", false, "go on with what comes, until Ctrl-C")
	return func(o *operator, args []string) error {
		if err := nothing(args); err != nil {
			return err
		}
		if *since < 0 || r.Limit < 0 {
			return misuse("--since and --limit can't be negative")
		}
		if !slices.ContainsFunc(audit.Acts(), func(a string) bool { return r.Act == "" || a == r.Act || strings.HasPrefix(a, r.Act+".") }) {
			return misuse("there is no act %q, but %s", r.Act, strings.Join(audit.Acts(), " "))
		}
		if *since > 0 {
			r.Since = time.Now().Add(-*since)
		}
		return o.with(func(ops admin.Operations) error {
			if _, live := ops.(*admin.Client); *follow && !live {
				return errors.New("--follow needs a running server: nothing comes while it is stopped, and it could not start meanwhile")
			}
			list, err := ops.Audit(o.ctx, r)
			if err != nil {
				return err
			}
			if err := o.entries(list, true); err != nil || !*follow {
				return err
			}
			return o.follow(ops, r, list)
		})
	}
}

// follow asks again and again for what is newer.
func (o *operator) follow(ops admin.Operations, r admin.AuditFilter, last []admin.Entry) error {
	r.Limit = 0
	if len(last) == 0 {
		r.Since = time.Now()
	}
	for {
		if n := len(last); n > 0 {
			r.AfterID, r.Since = last[n-1].ID, last[n-1].At.Add(-followBack)
		}
		select {
		case <-o.ctx.Done(): // Ctrl-C is how it ends
			return nil
		case <-time.After(followEvery):
		}
		list, err := ops.Audit(o.ctx, r)
		if o.ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := o.entries(list, false); err != nil {
			return err
		}
		if len(list) > 0 {
			last = list
		}
	}
}

// entries prints a part of the log. The columns have fixed widths, so that what
// comes later fits below.
func (o *operator) entries(list []admin.Entry, head bool) error {
	if o.json {
		e := json.NewEncoder(o.stdout)
		e.SetEscapeHTML(false)
		for i := range list {
			if err := e.Encode(&list[i]); err != nil {
				return err
			}
		}
		return nil
	}
	row := func(at, act, actor, user, from, detail string) {
		line := fmt.Sprintf("%-19s  %-20s  %-14s  %-14s  %-15s  %s", at, plain(act), actor, user, plain(from), plain(detail))
		fmt.Fprintln(o.stdout, strings.TrimRight(line, " "))
	}
	if head {
		row("TIME", "ACT", "BY", "USER", "FROM", "DETAIL")
	}
	for i := range list {
		e := &list[i]
		detail := e.Detail
		if e.Topic != "" {
			detail = e.Topic + " " + detail
		}
		row(e.At.Local().Format(time.DateTime), e.Act, e.Actor.String(), e.User.String(), e.From, detail)
	}
	return nil
}
