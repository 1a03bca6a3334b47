-- What is remembered about conversations. What lists are filtered and sorted by
-- has a column; the rest is JSON in `data`.
CREATE TABLE session (
    number     INTEGER PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,
    id         TEXT NOT NULL,
    agent      TEXT,
    updated_at INTEGER NOT NULL,
    label      TEXT,
    spawned_by TEXT,
    title      TEXT,
    data       TEXT NOT NULL,
    crc        INTEGER NOT NULL
) STRICT;
CREATE INDEX session_id ON session (id);
CREATE INDEX session_updated ON session (updated_at);
CREATE INDEX session_agent ON session (agent, updated_at) WHERE agent IS NOT NULL;
CREATE INDEX session_spawned ON session (spawned_by, updated_at) WHERE spawned_by IS NOT NULL;
CREATE UNIQUE INDEX session_label ON session (label) WHERE label IS NOT NULL;

-- Counts that are kept, so that nobody has to count.
CREATE TABLE kept (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO kept VALUES ('sessions', 0);
CREATE TRIGGER session_added AFTER INSERT ON session BEGIN
    UPDATE kept SET value = value + 1 WHERE name = 'sessions';
END;
CREATE TRIGGER session_gone AFTER DELETE ON session BEGIN
    UPDATE kept SET value = value - 1 WHERE name = 'sessions';
END;

-- Names of transcripts. One without a name is deleted; its records go bit by
-- bit.
CREATE TABLE transcript (
    number INTEGER PRIMARY KEY,
    id     TEXT UNIQUE
) STRICT;
CREATE INDEX transcript_gone ON transcript (number) WHERE id IS NULL;

-- What was said. The place is the number of the transcript, and in the lower 32
-- bits the place in it.
CREATE TABLE record (
    place   INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    id      TEXT NOT NULL,
    crc     INTEGER NOT NULL,
    message TEXT NOT NULL
) STRICT;
CREATE INDEX record_id ON record (place >> 32, id);

-- Runs that were accepted.
CREATE TABLE run (
    number      INTEGER PRIMARY KEY,
    run         TEXT NOT NULL UNIQUE,
    session     TEXT NOT NULL,
    session_id  TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    status      TEXT,
    stop        TEXT,
    error       TEXT,
    ended_at    INTEGER,
    crc         INTEGER NOT NULL
) STRICT;
CREATE INDEX run_open ON run (accepted_at) WHERE ended_at IS NULL;
