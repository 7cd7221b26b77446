-- +goose Up

-- Small values by name; those that must not be seen are sealed.
CREATE TABLE kept (
    key     TEXT NOT NULL PRIMARY KEY,
    data    BLOB NOT NULL,
    updated INTEGER NOT NULL,
    expires INTEGER NOT NULL -- 0: never
) WITHOUT ROWID;
CREATE INDEX kept_expires ON kept (expires) WHERE expires > 0;

-- How users are known to the services of others.
CREATE TABLE bridge_ids (
    bridge  TEXT NOT NULL,
    user    INTEGER NOT NULL,
    num     INTEGER NOT NULL, -- from 1, for services whose IDs are numbers
    created INTEGER NOT NULL, -- the other side has the account
    profile TEXT NOT NULL,    -- hash of what it knows of him
    updated INTEGER NOT NULL,
    PRIMARY KEY (bridge, user)
) WITHOUT ROWID;
CREATE UNIQUE INDEX bridge_ids_num ON bridge_ids (bridge, num);
CREATE INDEX bridge_ids_user ON bridge_ids (user);

-- The last number given.
CREATE TABLE bridge_nums (
    bridge TEXT NOT NULL PRIMARY KEY,
    num    INTEGER NOT NULL
) WITHOUT ROWID;
