package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"parley/internal/audit"
	"parley/internal/config"
	"parley/server/admin"
	"parley/store"
	"parley/store/sqlite"
)

// backupCommands keep and bring back the store.
func backupCommands() []command {
	return []command{
		{"backup", "FILE", "copy the store to a new file, while the server runs or not\n\n" +
			"The copy is checked. It has all messages: keep it as safe as the data folder.\n" +
			"Files that people sent are copied to the folder FILE.files beside it, if they\n" +
			"are in a folder; --no-files leaves them out.\n" +
			"Keep tinode.conf and token.key of the data folder too; without token.key\n" +
			"everybody has to log in again.", backupMake},
		{"restore", "FILE", "put a backup in the place of the store of a stopped server\n\n" +
			"The backup is checked first, and files of FILE.files are added to those that\n" +
			"are there. With --force what is there is renamed, not removed.", backupRestore},
	}
}

func backupMake(set *flag.FlagSet) func(*operator, []string) error {
	noFiles := set.Bool("no-files", false, "leave out the files that people sent")
	return func(o *operator, args []string) error {
		path, err := one(args, "FILE")
		if err != nil {
			return err
		}
		if path, err = filepath.Abs(path); err != nil {
			return err
		}
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s exists: name a new file", path)
		}
		cfg, _, err := o.config()
		if err != nil {
			return err
		}
		return o.with(func(ops admin.Operations) error {
			// Between two looks at the store, so that the counts can be compared.
			source := filepath.Join(cfg.Data, storeName)
			before, err := sqlite.Inspect(o.ctx, source, sqlite.Counts)
			if err != nil {
				return err
			}
			progress, done := o.progress()
			err = ops.Backup(o.ctx, path, progress)
			done()
			if err != nil {
				return fmt.Errorf("no backup: %w", err)
			}
			after, err := sqlite.Inspect(o.ctx, source, sqlite.Counts)
			if err != nil {
				return err
			}
			made, err := o.verify(path, before, after)
			if err != nil {
				return err
			}
			var files *copied
			if !*noFiles && hasFolder(cfg) {
				// After the store: a file that came meanwhile is no loss, one that
				// the store knows and the folder lacks would be.
				if files, err = o.copyFiles(filesFolder(cfg, cfg.Data), filesOf(path), path); err != nil {
					return err
				}
			}
			return o.report(path, made, files, "Keep tinode.conf and token.key with it.")
		})
	}
}

// verify opens a copy and compares it with what was there before and after.
func (o *operator) verify(path string, before, after *sqlite.Inspection) (*sqlite.Inspection, error) {
	copied, err := sqlite.Inspect(o.ctx, path, sqlite.Thorough)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the backup can't be read: %w", err)
	case copied.Damage != "":
		return nil, fmt.Errorf("the backup is damaged: %s", copied.Damage)
	}
	for _, n := range [][3]int{
		{before.Users, copied.Users, after.Users}, {before.Topics, copied.Topics, after.Topics}, {before.Messages, copied.Messages, after.Messages},
	} {
		if n[1] < min(n[0], n[2]) || n[1] > max(n[0], n[2]) {
			return nil, fmt.Errorf("the backup %s has not what the store had: %+v, and then %+v; the backup %+v", path, *before, *after, *copied)
		}
	}
	return copied, nil
}

// report prints what is in a file.
func (o *operator) report(path string, in *sqlite.Inspection, files *copied, advice string) error {
	if o.json {
		size := int64(0)
		if info, err := os.Stat(path); err == nil {
			size = info.Size()
		}
		list := map[string]any{
			"file": path, "bytes": size, "schema": in.Version, "users": in.Users, "topics": in.Topics, "messages": in.Messages,
		}
		if files != nil {
			list["files"], list["files_bytes"], list["files_missing"] = files.Count, files.Bytes, files.Missing
		}
		return printJSON(o.stdout, list)
	}
	fmt.Fprintf(o.stdout, "%s: checked; %d users, %d topics, %d messages", path, in.Users, in.Topics, in.Messages)
	if files != nil {
		fmt.Fprintf(o.stdout, ", %d files", files.Count)
	}
	fmt.Fprintln(o.stdout)
	if files != nil && files.Missing > 0 {
		fmt.Fprintf(o.stderr, "%d files that messages or profiles show are not there, or were deleted meanwhile\n", files.Missing)
	}
	fmt.Fprintln(o.stdout, advice)
	return nil
}

// progress shows in a terminal how far a backup is.
func (o *operator) progress() (show func(done, total int), end func()) {
	if terminalWidth(o.stderr) == 0 {
		return nil, func() {}
	}
	shown := false
	show = func(done, total int) {
		shown = true
		fmt.Fprintf(o.stderr, "\r%3d %%", 100*done/max(total, 1))
	}
	return show, func() {
		if shown {
			fmt.Fprint(o.stderr, "\r     \r")
		}
	}
}

func backupRestore(set *flag.FlagSet) func(*operator, []string) error {
	force := set.Bool("force", false, "replace a store that is there")
	return func(o *operator, args []string) error {
		from, err := one(args, "FILE")
		if err != nil {
			return err
		}
		cfg, _, err := o.config()
		if err != nil {
			return err
		}
		if info, err := os.Stat(from + "-wal"); err == nil && info.Size() > 0 {
			return fmt.Errorf("%s is no backup but a store in use: %s-wal has its newest writes", from, from)
		}
		in, err := sqlite.Inspect(o.ctx, from, sqlite.Thorough)
		switch {
		case err != nil:
			return fmt.Errorf("not a backup: %w", err)
		case in.Damage != "":
			return fmt.Errorf("the backup %s is damaged: %s", from, in.Damage)
		case in.Version > in.Known:
			return fmt.Errorf("the backup %s is of a newer version of parley (schema %d, known here: %d)", from, in.Version, in.Known)
		}
		h, err := openHome(cfg.Data)
		if err != nil {
			return err
		}
		return o.restore(h, cfg, from, in, *force)
	}
}

// restore puts a checked backup into its place. A server that runs has the
// lock, and one that is started meanwhile does not get it.
func (o *operator) restore(h *home, cfg *config.Config, from string, in *sqlite.Inspection, force bool) error {
	target := filepath.Join(h.path, storeName)
	_, err := os.Stat(target)
	exists := err == nil
	if exists && !force {
		return fmt.Errorf("%s exists: --force replaces it, and keeps it under another name", target)
	}
	unlock, err := sqlite.Lock(target)
	if errors.Is(err, sqlite.ErrInUse) {
		return fmt.Errorf("the server runs, or another command: stop it first (%s)", h.path)
	}
	if err != nil {
		return err
	}
	kept, err := o.exchange(target, from)
	if err = errors.Join(err, unlock()); err != nil {
		return err
	}
	if kept != "" {
		fmt.Fprintln(o.stderr, "what was there:", kept)
	}
	now, err := openRestored(o.ctx, target, from)
	if err != nil {
		return err
	}
	if now.Users != in.Users || now.Topics != in.Topics || now.Messages != in.Messages {
		return fmt.Errorf("%s has not what the backup has: %+v instead of %+v", target, *now, *in)
	}
	var files *copied
	if hasFolder(cfg) {
		dir := filesFolder(cfg, h.path)
		source := filesOf(from)
		if _, err := os.Stat(source); err != nil { // made without files: they may be there all the same
			source = dir
		}
		if files, err = o.copyFiles(source, dir, target); err != nil {
			return err
		}
	}
	return o.report(target, now, files, "Start the server.")
}

// exchange copies the backup beside the store and renames: at no moment is there
// half a store. The -wal file of the old one goes with it: SQLite would take it
// for that of the new one.
func (o *operator) exchange(target, from string) (kept string, err error) {
	part := target + ".restored"
	if err := copyFile(o.ctx, part, from); err != nil {
		return "", errors.Join(err, os.Remove(part))
	}
	aside := target + ".old-" + time.Now().UTC().Format("20060102-150405")
	if _, err := os.Lstat(aside); err == nil {
		return "", errors.Join(fmt.Errorf("%s exists: try again", aside), os.Remove(part))
	}
	for _, suffix := range []string{"-wal", "-shm", ""} {
		switch err := os.Rename(target+suffix, aside+suffix); {
		case err == nil:
			kept = aside
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
	}
	if err := os.Rename(part, target); err != nil {
		return kept, err
	}
	return kept, syncDir(filepath.Dir(target))
}

// openRestored does what the next start would do, migrations included.
func openRestored(ctx context.Context, target, from string) (*sqlite.Inspection, error) {
	st, err := sqlite.Open(ctx, target, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	st.AppendAudit(store.AuditEntry{At: time.Now().UTC().Truncate(time.Millisecond), Act: audit.BackupPutBack, From: admin.FromCLI, Detail: from})
	if err := st.Close(); err != nil {
		return nil, err
	}
	return sqlite.Inspect(ctx, target, sqlite.Counts)
}

// copyFile makes a synced copy that only the owner can read.
func copyFile(ctx context.Context, to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close(), ctx.Err())
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	_ = d.Sync() // refused by some systems
	return d.Close()
}
