package main

import (
	"flag"
	"fmt"

	"parley/server/admin"
)

// tokenCommands are about login tokens.
func tokenCommands() []command {
	return []command{
		{"token revoke", "USER | --all", "log out all devices of a user, or of everybody\n\n" +
			"Passwords stay as they are: whoever knows his can log in again.\n" + whoHelp, tokenRevoke},
	}
}

func tokenRevoke(set *flag.FlagSet) func(*operator, []string) error {
	var r admin.RevokeRequest
	set.BoolVar(&r.All, "all", false, "of everybody")
	return func(o *operator, args []string) (err error) {
		switch {
		case !r.All:
			if r.User, err = one(args, "USER"); err != nil {
				return err
			}
		case len(args) > 0:
			return misuse("a user and --all exclude each other")
		}
		return o.with(func(ops admin.Operations) error {
			n, err := ops.Revoke(o.ctx, r)
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(o.stdout, map[string]int{"users": n})
			}
			fmt.Fprintf(o.stdout, "users logged out: %d\n", n)
			return nil
		})
	}
}
