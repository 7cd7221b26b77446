-- +goose Up

-- Times are milliseconds since 1970, 0 is never. User IDs are the same 64 bits
-- as a signed number, 0 is nobody. JSON values are stored as they came.
PRAGMA application_id = 0x50726C79; -- "Prly"

CREATE TABLE users (
    id      INTEGER PRIMARY KEY,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    state   INTEGER NOT NULL,
    auth    INTEGER NOT NULL, -- access modes granted to new peers
    anon    INTEGER NOT NULL,
    seen    INTEGER NOT NULL,
    agent   TEXT NOT NULL,
    public  BLOB,
    trusted BLOB,
    tags    BLOB -- a copy of user_tags
);

CREATE INDEX users_state ON users (state) WHERE state <> 0;

CREATE TABLE user_tags (
    tag  TEXT NOT NULL,
    user INTEGER NOT NULL,
    PRIMARY KEY (tag, user)
) WITHOUT ROWID;

CREATE TABLE logins (
    scheme  TEXT NOT NULL,
    name    TEXT NOT NULL,
    user    INTEGER NOT NULL,
    level   INTEGER NOT NULL,
    secret  BLOB,
    expires INTEGER NOT NULL,
    PRIMARY KEY (scheme, name),
    UNIQUE (user, scheme)
) WITHOUT ROWID;

CREATE TABLE credentials (
    user    INTEGER NOT NULL,
    method  TEXT NOT NULL,
    value   TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    code    TEXT NOT NULL,
    stage   INTEGER NOT NULL, -- 0 deactivated, 1 pending, 2 confirmed
    failed  INTEGER NOT NULL,
    PRIMARY KEY (user, method, value)
) WITHOUT ROWID;
CREATE UNIQUE INDEX credentials_confirmed ON credentials (method, value) WHERE stage = 2;

CREATE TABLE devices (
    id       TEXT NOT NULL PRIMARY KEY,
    user     INTEGER NOT NULL,
    platform TEXT NOT NULL,
    lang     TEXT NOT NULL,
    seen     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX devices_user ON devices (user);

CREATE TABLE topics (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    state   INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    owner   INTEGER NOT NULL,
    auth    INTEGER NOT NULL,
    anon    INTEGER NOT NULL,
    subs    INTEGER NOT NULL, -- live subscriptions
    public  BLOB,
    trusted BLOB,
    aux     BLOB,
    tags    BLOB -- a copy of topic_tags
);

-- What changes with every message, apart from the rest of the topic: many of
-- these short rows share a page.
CREATE TABLE logs (
    topic   INTEGER PRIMARY KEY,
    seq     INTEGER NOT NULL,
    del     INTEGER NOT NULL,
    touched INTEGER NOT NULL,
    open    INTEGER NOT NULL -- 0: the topic is deleted
);

CREATE TABLE topic_tags (
    tag   TEXT NOT NULL,
    topic INTEGER NOT NULL,
    PRIMARY KEY (tag, topic)
) WITHOUT ROWID;

-- Subscriptions name their topic because me and fnd have no record.
CREATE TABLE subs (
    id      INTEGER PRIMARY KEY,
    topic   TEXT NOT NULL,
    user    INTEGER NOT NULL,
    peer    INTEGER NOT NULL, -- the other user of a p2p topic
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    reader  INTEGER NOT NULL,
    want    INTEGER NOT NULL,
    given   INTEGER NOT NULL,
    read    INTEGER NOT NULL,
    recv    INTEGER NOT NULL,
    del     INTEGER NOT NULL,
    private BLOB,
    UNIQUE (topic, user)
);
CREATE INDEX subs_user ON subs (user, deleted, topic, reader, want, given);

-- A message deleted for everybody keeps its row, without content.
CREATE TABLE messages (
    id      INTEGER PRIMARY KEY,
    topic   INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    sender  INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    head    BLOB,
    content BLOB,
    UNIQUE (topic, seq)
);

-- The ranges of one deletion, low <= seq < hi; user 0: for everybody.
CREATE TABLE deletions (
    topic INTEGER NOT NULL,
    id    INTEGER NOT NULL,
    low   INTEGER NOT NULL,
    hi    INTEGER NOT NULL,
    user  INTEGER NOT NULL,
    PRIMARY KEY (topic, id, low)
) WITHOUT ROWID;
CREATE INDEX deletions_user ON deletions (user, topic);
