-- Two rooms of one person, how long things are kept, when somebody last proved who they are. Adds only.

-- Room of the same person in which this one's sheets stand now: always one that is itself merged into none.
ALTER TABLE room ADD COLUMN merged TEXT COLLATE "C";
CREATE INDEX room_merged ON room (merged) WHERE merged IS NOT NULL;

CREATE TABLE merger (
    id     TEXT COLLATE "C"    NOT NULL PRIMARY KEY,      -- uuid
    source TEXT COLLATE "C"    NOT NULL REFERENCES room (id),
    target TEXT COLLATE "C"    NOT NULL REFERENCES room (id),
    moved  TEXT COLLATE "C"    NOT NULL,                  -- JSON of store::merge::Moved: ids of what stood in the source
    reason TEXT COLLATE "C"    NOT NULL,
    actor  TEXT COLLATE "C"    NOT NULL,
    at     BIGINT NOT NULL,
    undone_by TEXT COLLATE "C",
    undone BIGINT
);
CREATE INDEX merger_newest ON merger (at DESC, id);

-- What must not go, however old it is.
CREATE TABLE legal_hold (
    id        TEXT COLLATE "C"    NOT NULL PRIMARY KEY,   -- uuid
    room      TEXT COLLATE "C"    NOT NULL REFERENCES room (id),
    reason    TEXT COLLATE "C"    NOT NULL,
    actor     TEXT COLLATE "C"    NOT NULL,
    at        BIGINT NOT NULL,
    lifted_by TEXT COLLATE "C",
    lifted    BIGINT
);
CREATE UNIQUE INDEX legal_hold_once ON legal_hold (room) WHERE lifted IS NULL;

-- What went at the end of its time: that it was there, and its hash. The source's name for it as a hash only.
CREATE TABLE erased (
    receipt TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    input   TEXT COLLATE "C"    NOT NULL,                 -- SHA-256 of source and source_id: it is not received once more
    sha256  TEXT COLLATE "C"    NOT NULL,                 -- of the original bytes
    actor   TEXT COLLATE "C"    NOT NULL,
    at      BIGINT NOT NULL
);
CREATE INDEX erased_input ON erased (input);
CREATE TABLE erased_document (
    document TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    receipt  TEXT COLLATE "C" NOT NULL
);

-- Blobs that were named by what went. They follow later, where nothing names them by then.
CREATE TABLE condemned (
    sha256 TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    since  BIGINT NOT NULL
);

CREATE FUNCTION revision_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM erased_document WHERE document = OLD.document) THEN RETURN OLD; END IF;
    RAISE EXCEPTION '% rows are neither changed nor removed', TG_TABLE_NAME;
END $$;
DROP TRIGGER revision_is_kept ON revision;
CREATE TRIGGER revision_is_kept BEFORE UPDATE OR DELETE ON revision FOR EACH ROW EXECUTE FUNCTION revision_stays();

-- When its holder last proved who they are; NULL: when it began.
ALTER TABLE session ADD COLUMN proved BIGINT;
