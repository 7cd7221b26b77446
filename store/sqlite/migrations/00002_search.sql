-- +goose Up

-- Every user gets a number, from 1 upwards in the order of arrival. Search
-- keeps the holders of a tag as a set of such numbers.
ALTER TABLE users ADD COLUMN slot INTEGER NOT NULL DEFAULT 0;
UPDATE users SET slot = place
    FROM (SELECT id AS who, row_number() OVER (ORDER BY created, id) AS place FROM users) WHERE id = who;
CREATE INDEX users_slot ON users (slot, created);

-- Of each 512 slots, a time that none of these users is older than.
CREATE TABLE user_zones (
    zone   INTEGER PRIMARY KEY, -- slot / 512
    oldest INTEGER NOT NULL
);
INSERT INTO user_zones SELECT slot >> 9, min(created) FROM users GROUP BY 1;

-- Who has a tag: of each 4096 slots of users, or IDs of topics, those that do.
-- The first byte of holders tells how: 0 numbers of 16 bits, high byte first,
-- 1 a bit for each of the 4096, in words of 64 bits, low byte first.
CREATE TABLE tag_blocks (
    tag     TEXT NOT NULL,
    kind    INTEGER NOT NULL, -- 0 users, 1 topics
    hidden  INTEGER NOT NULL, -- 1: their state is not 0
    block   INTEGER NOT NULL, -- slot or ID / 4096
    holders BLOB NOT NULL,
    PRIMARY KEY (tag, kind, hidden, block)
) WITHOUT ROWID;
INSERT INTO tag_blocks
    SELECT tag, 0, state <> 0, slot >> 12, unhex('00' || group_concat(printf('%04x', slot & 4095), ''))
    FROM user_tags JOIN users ON id = user GROUP BY 1, 2, 3, 4;
INSERT INTO tag_blocks
    SELECT tag, 1, state <> 0, id >> 12, unhex('00' || group_concat(printf('%04x', id & 4095), ''))
    FROM topic_tags JOIN topics ON id = topic GROUP BY 1, 2, 3, 4;
DROP TABLE user_tags;
DROP TABLE topic_tags;

CREATE INDEX topics_rank ON topics (subs DESC, created, name) WHERE tags IS NOT NULL;
CREATE INDEX topics_owner ON topics (owner) WHERE owner <> 0;

-- Users who were deleted for good.
CREATE TABLE purged (
    user INTEGER PRIMARY KEY
);

-- Messages that their senders may send again.
CREATE TABLE published (
    topic  INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    once   TEXT NOT NULL,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (topic, sender, once)
) WITHOUT ROWID;
CREATE INDEX published_at ON published (at);
