-- +goose Up

-- Accounts that were never seen, the oldest first.
CREATE INDEX users_stale ON users (created) WHERE seen = 0;

-- Secrets that were sent and are awaited.
CREATE TABLE codes (
    key     TEXT NOT NULL PRIMARY KEY,
    user    INTEGER NOT NULL,
    hash    BLOB,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    failed  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX codes_user ON codes (user);
CREATE INDEX codes_expires ON codes (expires);

CREATE TABLE invites (
    code    TEXT NOT NULL PRIMARY KEY,
    inviter INTEGER NOT NULL,
    note    TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL, -- 0: never
    uses    INTEGER NOT NULL, -- that it has in all; 0: any number
    used    INTEGER NOT NULL
) WITHOUT ROWID;

-- Tokens that are void: one, or with token '' all of the user's.
CREATE TABLE revocations (
    id     INTEGER PRIMARY KEY,
    token  TEXT NOT NULL,
    user   INTEGER NOT NULL,
    issued INTEGER NOT NULL, -- before that
    until  INTEGER NOT NULL
);
CREATE UNIQUE INDEX revocations_token ON revocations (token) WHERE token <> '';
CREATE UNIQUE INDEX revocations_user ON revocations (user) WHERE token = '';
CREATE INDEX revocations_until ON revocations (until);

-- Grows only. Every index ends with the ID, so each gives the newest first.
CREATE TABLE audit (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    act    TEXT NOT NULL,
    actor  INTEGER NOT NULL,
    user   INTEGER NOT NULL, -- concerned
    topic  TEXT NOT NULL,
    origin TEXT NOT NULL, -- address
    detail TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_act ON audit (act);
CREATE INDEX audit_actor ON audit (actor) WHERE actor <> 0;
CREATE INDEX audit_user ON audit (user) WHERE user <> 0;
