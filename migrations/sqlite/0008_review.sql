-- Review: what a person has decided so far, who looked first, how far the word of a late one went. Adds only.

-- A decision about a field that is not in a revision yet. The newest of a field counts; undo takes the newest of all.
CREATE TABLE draft (
    document TEXT    NOT NULL REFERENCES document (id),
    seq      INTEGER NOT NULL,
    revision INTEGER NOT NULL,                -- the one that the person saw; on another one it does not count
    field    TEXT    NOT NULL,                -- key of the vocabulary, or `type`
    decision TEXT    NOT NULL,                -- JSON of store::review::Edit
    actor    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (document, seq)
) STRICT;

-- When a reviewer first opened it.
ALTER TABLE document ADD COLUMN first_look INTEGER;
-- How far the word of its waiting has gone: store::overdue::Step. NULL: nobody was told.
ALTER TABLE document ADD COLUMN warned INTEGER;
-- Who set it apart as misdirected: sees it still, beside reviewers who administer.
ALTER TABLE document ADD COLUMN quarantined_by TEXT;
-- How a person turned the page for the eyes, degrees clockwise; the reading and its boxes stay as they are.
ALTER TABLE page ADD COLUMN turn INTEGER;
-- Taken back and in no room yet.
CREATE INDEX document_withdrawn ON document (created) WHERE state = 'withdrawn';
