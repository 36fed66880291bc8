-- Format 3: tabs, pins and filters of lists; what uses large content; what was purged; how far texts can be searched.
-- tab: `Tab::number`; it follows from the status where nobody could mark a session yet. words: `listing::row_words`.
-- fold: the rule by which the row was folded; 0 is the one before this format, which did not know tools and parents.
ALTER TABLE sessions ADD COLUMN tab INTEGER NOT NULL DEFAULT 3;
ALTER TABLE sessions ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN words TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN fold INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET tab = CASE
    WHEN status IN ('held', 'paused', 'stepping') THEN 1
    WHEN status = 'running' THEN 2
    ELSE 4
END WHERE status NOT IN ('done', 'idle');
DROP INDEX sessions_by_updated;
CREATE INDEX sessions_list ON sessions (pinned DESC, updated DESC, id, tab);
CREATE INDEX sessions_old_fold ON sessions (fold) WHERE fold < 1;

-- session: who uses the content; empty where it was put at that time (seconds) and is perhaps not named by an event yet.
CREATE TABLE uses (
    hash BLOB NOT NULL,
    session TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (hash, session)
) WITHOUT ROWID;
CREATE INDEX uses_by_session ON uses (session);

-- Commits that are gone with their session, but may be named by the anchor; no number is given twice.
CREATE TABLE purged (
    n INTEGER NOT NULL PRIMARY KEY,
    seal BLOB NOT NULL
);

-- The texts of the commits from..=to can be searched: it grows at both ends.
INSERT INTO meta (key, value) SELECT 'texts_from', coalesce(max(n), 0) + 1 FROM commits;
INSERT INTO meta (key, value) SELECT 'texts_to', coalesce(max(n), 0) FROM commits;
