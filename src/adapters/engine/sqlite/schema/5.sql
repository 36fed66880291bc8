-- Format 5: a commit's events lie in its own row: one tree is written where it were three. told: the exact bytes that the
-- hashes are over, a line each; hashes: those of all events but the last, whose hash the row has already. Where told is NULL
-- each event has a row in `events`, as all had before.
ALTER TABLE commits ADD COLUMN told TEXT;
ALTER TABLE commits ADD COLUMN hashes BLOB;
