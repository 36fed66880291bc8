-- Format 4: a list's index changes once a minute, not with each commit: listed is `updated` in whole minutes, and the rows of
-- one minute are sorted when they are read.
ALTER TABLE sessions ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET listed = updated / 60000000;
DROP INDEX sessions_list;
CREATE INDEX sessions_listed ON sessions (pinned DESC, listed DESC, tab);
