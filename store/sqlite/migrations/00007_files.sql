-- +goose Up

CREATE TABLE files (
    id      INTEGER PRIMARY KEY,
    owner   INTEGER NOT NULL,
    state   INTEGER NOT NULL, -- 0 pending, 1 ready, 2 doomed
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    type    TEXT NOT NULL,
    size    INTEGER NOT NULL,
    etag    TEXT NOT NULL,
    width   INTEGER NOT NULL,
    height  INTEGER NOT NULL,
    thumb   TEXT NOT NULL,
    links   INTEGER NOT NULL -- rows of file_links
);
CREATE INDEX files_unused ON files (state, updated) WHERE links = 0;
CREATE INDEX files_owner ON files (owner) WHERE owner <> 0;

-- Who uses a file: a message (topic, seq), or as a picture the topic (seq 0) or
-- the user (topic and seq 0).
CREATE TABLE file_links (
    file  INTEGER NOT NULL,
    topic INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    user  INTEGER NOT NULL,
    PRIMARY KEY (file, topic, seq, user)
) WITHOUT ROWID;
CREATE INDEX file_links_target ON file_links (topic, seq, user);
