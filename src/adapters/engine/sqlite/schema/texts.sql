-- No text is kept here, only where its words are: rowid is `texts::place`. What was found is read from the events.
CREATE VIRTUAL TABLE texts USING fts5 (
    text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
