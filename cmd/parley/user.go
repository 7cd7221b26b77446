package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"parley/server/admin"
)

// whoHelp says how users are named.
const whoHelp = "USER is a login, a user ID (usr…), or an address (email:…, tel:…)."

// userCommands are about accounts.
func userCommands() []command {
	return []command{
		{"user add", "LOGIN", "make an account\n\nAsks for the password unless told where it comes from.", userAdd},
		{"user list", "", "list accounts", userList},
		{"user show", "USER", "show an account\n\n" + whoHelp, userShow},
		{"user passwd", "USER", "set a password; log out all devices\n\n" + whoHelp, userPasswd},
		{"user suspend", "USER", "lock an account, at once\n\nIts sessions end and nobody can log in to it.\n" + whoHelp, userState(true)},
		{"user resume", "USER", "unlock it again\n\n" + whoHelp, userState(false)},
		{"user root", "USER", "make an administrator, or undo it with --off\n\nAll devices are logged out.\n" + whoHelp, userRoot},
		{"user factor-off", "USER", "turn off the second factor of somebody who lost it\n\nMake sure who asks: the password alone logs in then.\n" + whoHelp, userFactorOff},
		{"user delete", "USER", "delete an account\n\nIts groups end with it. Its messages elsewhere stay.\n" + whoHelp, userDelete},
	}
}

func userAdd(set *flag.FlagSet) func(*operator, []string) error {
	var r admin.NewAccount
	stdin := set.Bool("password-stdin", false, "read the password from the first line of stdin")
	generate := set.Bool("generate", false, "make a password and print it")
	set.StringVar(&r.Name, "name", "", "`name` that others see; default: the login")
	set.StringVar(&r.Email, "email", "", "e-mail `address`, taken as confirmed")
	set.BoolVar(&r.Root, "root", false, "make an administrator")
	return func(o *operator, args []string) (err error) {
		if r.Login, err = one(args, "LOGIN"); err != nil {
			return err
		}
		if r.Password, err = o.newPassword(*stdin, *generate); err != nil {
			return err
		}
		return o.with(func(ops admin.Operations) error {
			a, err := ops.AddUser(o.ctx, r)
			if err != nil {
				return err
			}
			return o.tell(a, "made", r.Password, *generate)
		})
	}
}

func (o *operator) newPassword(stdin, generate bool) (string, error) {
	switch {
	case stdin && generate:
		return "", misuse("--password-stdin and --generate exclude each other")
	case generate:
		return generated(), nil
	}
	return o.password(stdin)
}

// tell prints what became of an account, with a password that was generated.
func (o *operator) tell(a *admin.Account, what, password string, generated bool) error {
	if !generated {
		password = ""
	}
	if o.json {
		return printJSON(o.stdout, struct {
			*admin.Account
			Password string `json:"password,omitempty"`
		}{a, password})
	}
	fmt.Fprintf(o.stdout, "%s (%s): %s\n", plain(title(a)), a.ID, what)
	if password != "" {
		fmt.Fprintln(o.stdout, "password:", password)
	}
	return nil
}

// title is the shortest name of an account.
func title(a *admin.Account) string {
	switch {
	case a.Login != "":
		return a.Login
	case a.Name != "":
		return a.Name
	}
	return "somebody"
}

func userList(set *flag.FlagSet) func(*operator, []string) error {
	var r admin.UserFilter
	set.StringVar(&r.State, "state", "", "only `ok`, suspended or deleted ones")
	set.BoolVar(&r.Root, "root", false, "only administrators")
	set.IntVar(&r.Limit, "limit", 0, "at most `n`; default: all")
	return func(o *operator, args []string) error {
		if err := nothing(args); err != nil {
			return err
		}
		if r.Limit < 0 {
			return misuse("--limit can't be negative")
		}
		if !slices.Contains([]string{"", "ok", "suspended", "deleted"}, r.State) {
			return misuse("--state is ok, suspended or deleted, not %q", r.State)
		}
		return o.with(func(ops admin.Operations) error {
			list, err := ops.Users(o.ctx, r)
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(o.stdout, list)
			}
			t := table{head: []string{"LOGIN", "ID", "STATE", "ROOT", "ONLINE", "CREATED", "LAST SEEN", "NAME"}}
			for i := range list {
				a := &list[i]
				t.add(a.Login, a.ID.String(), a.State, yesNo(a.Root), fmt.Sprint(a.Sessions), local(&a.Created, ""), local(a.LastSeen, "never"), a.Name)
			}
			t.print(o.stdout)
			return nil
		})
	}
}

func userShow(*flag.FlagSet) func(*operator, []string) error {
	return func(o *operator, args []string) error {
		who, err := one(args, "USER")
		if err != nil {
			return err
		}
		return o.with(func(ops admin.Operations) error {
			a, err := ops.User(o.ctx, who)
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(o.stdout, a)
			}
			o.show(a)
			return nil
		})
	}
}

func (o *operator) show(a *admin.Account) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(o.stdout, "%-12s %s\n", name, plain(value))
		}
	}
	line("login", a.Login)
	line("id", a.ID.String())
	line("name", a.Name)
	line("state", a.State)
	line("root", yesNo(a.Root))
	line("created", local(&a.Created, ""))
	line("last seen", local(a.LastSeen, "never"))
	line("client", a.Client)
	line("sessions", fmt.Sprint(a.Sessions))
	line("logs in by", strings.Join(a.Schemes, ", "))
	for _, c := range a.Creds {
		confirmed := ""
		if !c.Done {
			confirmed = " (not confirmed)"
		}
		line(c.Method, c.Value+confirmed)
	}
	line("tags", strings.Join(a.Tags, ", "))
}

func userPasswd(set *flag.FlagSet) func(*operator, []string) error {
	stdin := set.Bool("password-stdin", false, "read it from the first line of stdin")
	generate := set.Bool("generate", false, "make one and print it")
	return func(o *operator, args []string) error {
		who, err := one(args, "USER")
		if err != nil {
			return err
		}
		password, err := o.newPassword(*stdin, *generate)
		if err != nil {
			return err
		}
		return o.with(func(ops admin.Operations) error {
			a, err := ops.SetPassword(o.ctx, admin.Password{User: who, Password: password})
			if err != nil {
				return err
			}
			return o.tell(a, "new password; all devices are logged out", password, *generate)
		})
	}
}

func userState(suspend bool) func(*flag.FlagSet) func(*operator, []string) error {
	return func(*flag.FlagSet) func(*operator, []string) error {
		return func(o *operator, args []string) error {
			who, err := one(args, "USER")
			if err != nil {
				return err
			}
			return o.with(func(ops admin.Operations) error {
				a, err := ops.SetState(o.ctx, admin.StateChange{User: who, Suspend: suspend})
				if err != nil {
					return err
				}
				return o.tell(a, a.State, "", false)
			})
		}
	}
}

func userRoot(set *flag.FlagSet) func(*operator, []string) error {
	off := set.Bool("off", false, "make an ordinary user again")
	return func(o *operator, args []string) error {
		who, err := one(args, "USER")
		if err != nil {
			return err
		}
		return o.with(func(ops admin.Operations) error {
			a, err := ops.SetRoot(o.ctx, admin.RootChange{User: who, Root: !*off})
			if err != nil {
				return err
			}
			what := "administrator"
			if !a.Root {
				what = "ordinary user"
			}
			return o.tell(a, what, "", false)
		})
	}
}

func userDelete(set *flag.FlagSet) func(*operator, []string) error {
	hard := set.Bool("hard", false, "leave nothing; the login is free again")
	yes := set.Bool("yes", false, "do not ask")
	return func(o *operator, args []string) error {
		who, err := one(args, "USER")
		if err != nil {
			return err
		}
		return o.with(func(ops admin.Operations) error {
			if !*yes {
				a, err := ops.User(o.ctx, who)
				if err != nil {
					return err
				}
				question := fmt.Sprintf("This deletes %s (%s) and all groups of that owner.", plain(title(a)), a.ID)
				if err := o.confirm(question, title(a)); err != nil {
					return err
				}
			}
			a, err := ops.DeleteUser(o.ctx, admin.Deletion{User: who, Hard: *hard})
			if err != nil {
				return err
			}
			return o.tell(a, "deleted", "", false)
		})
	}
}

func userFactorOff(*flag.FlagSet) func(*operator, []string) error {
	return func(o *operator, args []string) error {
		who, err := one(args, "USER")
		if err != nil {
			return err
		}
		return o.with(func(ops admin.Operations) error {
			a, err := ops.ClearFactor(o.ctx, who)
			if err != nil {
				return err
			}
			return o.tell(a, "second factor off", "", false)
		})
	}
}
