-- Format 1: the log, its heads, large content.
CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value NOT NULL
) WITHOUT ROWID;
-- Counted up by each answer "that commit was not written": see `settle` in writer.rs.
INSERT INTO meta (key, value) VALUES ('fence', 0);

-- One line a session: where its log ends (head to seal), and its row in lists (status to tally).
-- sum: over seal and tally; a row that it does not fit is folded anew from the events.
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    head TEXT NOT NULL,
    seq INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    event INTEGER NOT NULL,
    hash BLOB NOT NULL,
    seal BLOB NOT NULL,
    status TEXT NOT NULL,
    updated INTEGER NOT NULL,
    held INTEGER NOT NULL,
    tally TEXT NOT NULL,
    sum BLOB NOT NULL
);

-- n: the order over all sessions. event, hash: the commit's last. seal: chained over every column but n.
CREATE TABLE commits (
    n INTEGER NOT NULL PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id),
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    prev TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    class TEXT NOT NULL,
    writer TEXT NOT NULL,
    at INTEGER NOT NULL,
    event INTEGER NOT NULL,
    hash BLOB NOT NULL,
    seal BLOB NOT NULL,
    UNIQUE (session, seq)
);

-- json: the exact bytes that the hash is over. An ordinary rowid table: events are often larger than a page's quarter,
-- and all sessions append at its one end; the unique index finds them by session and number.
CREATE TABLE events (
    session TEXT NOT NULL REFERENCES sessions (id),
    no INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    json TEXT NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (session, no)
);

CREATE TABLE blobs (
    hash BLOB NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    content BLOB NOT NULL
);
