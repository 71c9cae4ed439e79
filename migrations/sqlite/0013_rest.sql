-- Two rooms of one person, how long things are kept, when somebody last proved who they are. Adds only.

-- Room of the same person in which this one's sheets stand now: always one that is itself merged into none.
ALTER TABLE room ADD COLUMN merged TEXT;
CREATE INDEX room_merged ON room (merged) WHERE merged IS NOT NULL;

CREATE TABLE merger (
    id     TEXT    NOT NULL PRIMARY KEY,      -- uuid
    source TEXT    NOT NULL REFERENCES room (id),
    target TEXT    NOT NULL REFERENCES room (id),
    moved  TEXT    NOT NULL,                  -- JSON of store::merge::Moved: ids of what stood in the source
    reason TEXT    NOT NULL,
    actor  TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    undone_by TEXT,
    undone INTEGER
) STRICT;
CREATE INDEX merger_newest ON merger (at DESC, id);

-- What must not go, however old it is.
CREATE TABLE legal_hold (
    id        TEXT    NOT NULL PRIMARY KEY,   -- uuid
    room      TEXT    NOT NULL REFERENCES room (id),
    reason    TEXT    NOT NULL,
    actor     TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    lifted_by TEXT,
    lifted    INTEGER
) STRICT;
CREATE UNIQUE INDEX legal_hold_once ON legal_hold (room) WHERE lifted IS NULL;

-- What went at the end of its time: that it was there, and its hash. The source's name for it as a hash only.
CREATE TABLE erased (
    receipt TEXT    NOT NULL PRIMARY KEY,
    input   TEXT    NOT NULL,                 -- SHA-256 of source and source_id: it is not received once more
    sha256  TEXT    NOT NULL,                 -- of the original bytes
    actor   TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX erased_input ON erased (input);
CREATE TABLE erased_document (
    document TEXT NOT NULL PRIMARY KEY,
    receipt  TEXT NOT NULL
) STRICT;

-- Blobs that were named by what went. They follow later, where nothing names them by then.
CREATE TABLE condemned (
    sha256 TEXT    NOT NULL PRIMARY KEY,
    since  INTEGER NOT NULL
) STRICT;

DROP TRIGGER revision_is_kept;
CREATE TRIGGER revision_is_kept BEFORE DELETE ON revision
WHEN NOT EXISTS (SELECT 1 FROM erased_document WHERE document = OLD.document)
BEGIN SELECT RAISE(ABORT, 'a revision is kept'); END;

-- When its holder last proved who they are; NULL: when it began.
ALTER TABLE session ADD COLUMN proved INTEGER;
