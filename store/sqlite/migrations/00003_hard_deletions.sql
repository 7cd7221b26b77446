-- +goose Up

-- A deletion for everybody is noted once, with the topic, and not in each of
-- its subscriptions: a channel may have 100,000 of them. logs.hard is the number
-- of the last one since this version, subs.hard what that was when the
-- subscription began, so that it does not concern those who came later.
ALTER TABLE logs ADD COLUMN hard INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subs ADD COLUMN hard INTEGER NOT NULL DEFAULT 0;
