-- +goose Up
CREATE TABLE tokens (
    id       TEXT PRIMARY KEY,
    user     INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    seen     INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    agent    TEXT NOT NULL,
    platform TEXT NOT NULL,
    lang     TEXT NOT NULL,
    addr     TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX tokens_user ON tokens (user, seen);
CREATE INDEX tokens_expires ON tokens (expires);

-- The one chain of tokens that issued does not concern.
ALTER TABLE revocations ADD COLUMN but TEXT NOT NULL DEFAULT '';
