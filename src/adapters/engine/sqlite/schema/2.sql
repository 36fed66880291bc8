-- Format 2: lists of sessions, last updated first, without reading all of them.
CREATE INDEX sessions_by_updated ON sessions (updated);
CREATE INDEX sessions_held ON sessions (updated) WHERE held;
