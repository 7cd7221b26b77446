package main

import (
	"flag"
	"fmt"
	"time"

	"parley/server/admin"
)

// inviteCommands are about who may register.
func inviteCommands() []command {
	return []command{
		{"invite new", "", "make an invitation and print its code\n\nIt matters where registration.mode is \"invite\".", inviteNew},
		{"invite list", "", "list invitations", inviteList},
		{"invite delete", "CODE", "make an invitation void\n\nAccounts that were made with it stay.", inviteDelete},
	}
}

func inviteNew(set *flag.FlagSet) func(*operator, []string) error {
	var r admin.InviteRequest
	set.IntVar(&r.Uses, "uses", 1, "good for `n` accounts, 0: any number; default: 1")
	set.DurationVar(&r.Expires, "expires", 72*time.Hour, "`time` until it is void, 0: never; default: 72h")
	set.StringVar(&r.Note, "note", "", "`text` for yourself: whom it is for")
	return func(o *operator, args []string) error {
		if err := nothing(args); err != nil {
			return err
		}
		if r.Uses < 0 || r.Expires < 0 {
			return misuse("--uses and --expires can't be negative")
		}
		return o.with(func(ops admin.Operations) error {
			i, err := ops.NewInvite(o.ctx, r)
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(o.stdout, i)
			}
			fmt.Fprintln(o.stdout, i.Code)
			return nil
		})
	}
}

func inviteList(*flag.FlagSet) func(*operator, []string) error {
	return func(o *operator, args []string) error {
		if err := nothing(args); err != nil {
			return err
		}
		return o.with(func(ops admin.Operations) error {
			list, err := ops.Invites(o.ctx)
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(o.stdout, list)
			}
			t := table{head: []string{"CODE", "USED", "OF", "OPEN", "CREATED", "EXPIRES", "NOTE"}}
			for i := range list {
				v := &list[i]
				uses := "any"
				if v.Uses > 0 {
					uses = fmt.Sprint(v.Uses)
				}
				t.add(v.Code, fmt.Sprint(v.Used), uses, yesNo(v.Open), local(&v.Created, ""), local(v.Expires, "never"), v.Note)
			}
			t.print(o.stdout)
			return nil
		})
	}
}

func inviteDelete(*flag.FlagSet) func(*operator, []string) error {
	return func(o *operator, args []string) error {
		code, err := one(args, "CODE")
		if err != nil {
			return err
		}
		return o.with(func(ops admin.Operations) error {
			if err := ops.DeleteInvite(o.ctx, code); err != nil {
				return err
			}
			if o.json {
				return printJSON(o.stdout, map[string]string{"deleted": code})
			}
			fmt.Fprintln(o.stdout, plain(code)+": deleted")
			return nil
		})
	}
}
