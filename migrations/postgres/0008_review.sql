-- Twin of migrations/sqlite/0008_review.sql.

-- A decision about a field that is not in a revision yet. The newest of a field counts; undo takes the newest of all.
CREATE TABLE draft (
    document TEXT COLLATE "C" NOT NULL REFERENCES document (id),
    seq      BIGINT NOT NULL,
    revision BIGINT NOT NULL,                -- the one that the person saw; on another one it does not count
    field    TEXT COLLATE "C" NOT NULL,                -- key of the vocabulary, or `type`
    decision TEXT COLLATE "C" NOT NULL,                -- JSON of store::review::Edit
    actor    TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (document, seq)
);

-- When a reviewer first opened it.
ALTER TABLE document ADD COLUMN first_look BIGINT;
-- How far the word of its waiting has gone: store::overdue::Step. NULL: nobody was told.
ALTER TABLE document ADD COLUMN warned BIGINT;
-- Who set it apart as misdirected: sees it still, beside reviewers who administer.
ALTER TABLE document ADD COLUMN quarantined_by TEXT COLLATE "C";
-- How a person turned the page for the eyes, degrees clockwise; the reading and its boxes stay as they are.
ALTER TABLE page ADD COLUMN turn BIGINT;
-- Taken back and in no room yet.
CREATE INDEX document_withdrawn ON document (created) WHERE state = 'withdrawn';
