-- The store's first schema. Times are milliseconds since 1970 (our clock), ids and JSON are TEXT.
-- Twin of migrations/sqlite/0001_store.sql: the same tables and names. Text is ordered by its bytes, as SQLite does.
-- Nothing here may be edited once it has been released: add a file, expand first and contract a version later.

-- One file or mail that a source gave us. The same name with other content is another receipt.
CREATE TABLE receipt (
    id        TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    source    TEXT COLLATE "C"    NOT NULL,
    source_id TEXT COLLATE "C"    NOT NULL,
    sha256    TEXT COLLATE "C"    NOT NULL,               -- of the original bytes; '' where a verdict was recorded without bytes
    size      BIGINT NOT NULL,
    name      TEXT COLLATE "C"    NOT NULL,               -- file name or subject as the source tells it: a hint, never believed
    detail    TEXT COLLATE "C"    NOT NULL,               -- JSON: what else the source knows
    received  BIGINT NOT NULL,
    updated   BIGINT NOT NULL,
    linked    TEXT COLLATE "C"    REFERENCES receipt (id),-- the first receipt of the same content; state and documents are its
    state     TEXT COLLATE "C"    NOT NULL CHECK (state IN ('processing', 'posted', 'review', 'ignored', 'quarantined')),
    reason    TEXT COLLATE "C",
    UNIQUE (source, source_id, sha256)
);
CREATE INDEX receipt_content ON receipt (sha256, received);
CREATE INDEX receipt_open ON receipt (received) WHERE state = 'processing';

-- What the recogniser read in one content, by which engine: a stage's result.
CREATE TABLE reading (
    id      TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    sha256  TEXT COLLATE "C"    NOT NULL,                 -- of the original bytes
    reader  TEXT COLLATE "C"    NOT NULL,                 -- JSON of model::Reader, rules left empty
    version BIGINT NOT NULL,                 -- reading::VERSION
    blob    TEXT COLLATE "C"    NOT NULL,                 -- sha256 of the reading's bytes
    at      BIGINT NOT NULL,
    UNIQUE (sha256, reader, version)
);

CREATE TABLE page (
    reading TEXT COLLATE "C"    NOT NULL REFERENCES reading (id),
    number  BIGINT NOT NULL,
    blob    TEXT COLLATE "C",                             -- sha256 of the upright PNG; NULL where the page could not be read
    width   BIGINT NOT NULL,
    height  BIGINT NOT NULL,
    blank   BIGINT NOT NULL,
    failed  TEXT COLLATE "C",
    PRIMARY KEY (reading, number)
);

-- One document of a receipt, or one part of it that could not be read (pages '[]').
CREATE TABLE document (
    id          TEXT COLLATE "C"    NOT NULL PRIMARY KEY, -- uuid v5 of (receipt, ordinal)
    receipt     TEXT COLLATE "C"    NOT NULL REFERENCES receipt (id),
    ordinal     BIGINT NOT NULL,
    reading     TEXT COLLATE "C"    REFERENCES reading (id),
    kind        TEXT COLLATE "C"    NOT NULL,
    pages       TEXT COLLATE "C"    NOT NULL,             -- JSON array, 1-based pages of the file
    part        TEXT COLLATE "C",                         -- name of the part, where this stands for an unreadable one
    state       TEXT COLLATE "C"    NOT NULL
                CHECK (state IN ('processing', 'posted', 'review', 'ignored', 'quarantined', 'withdrawn')),
    reason      TEXT COLLATE "C",
    room        TEXT COLLATE "C",
    candidates  TEXT COLLATE "C"    NOT NULL,             -- JSON array of store::Candidate
    revision    BIGINT NOT NULL,             -- the newest frozen one
    open_fields BIGINT NOT NULL,
    urgent      BIGINT NOT NULL,
    sender      TEXT COLLATE "C",                         -- accepted text only
    discharge   TEXT COLLATE "C",                         -- accepted text only
    held_by     TEXT COLLATE "C",                         -- a reviewer who works on it
    held_until  BIGINT,
    created     BIGINT NOT NULL,
    updated     BIGINT NOT NULL,
    UNIQUE (receipt, ordinal)
);
CREATE INDEX document_review ON document (urgent DESC, created) WHERE state IN ('review', 'quarantined') OR open_fields > 0;
CREATE INDEX document_room ON document (room, created);

-- What was decided about a document, frozen. The machine writes number 1, persons write the later ones.
CREATE TABLE revision (
    document TEXT COLLATE "C"    NOT NULL REFERENCES document (id),
    number   BIGINT NOT NULL,
    content  TEXT COLLATE "C"    NOT NULL,                -- JSON of model::Document
    room     TEXT COLLATE "C",
    reader   TEXT COLLATE "C"    NOT NULL,                -- JSON of model::Reader, rules included
    actor    TEXT COLLATE "C"    NOT NULL,
    at       BIGINT NOT NULL,
    sha256   TEXT COLLATE "C"    NOT NULL,                -- over content, room and reader; the audit row carries the same
    PRIMARY KEY (document, number)
);
CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% rows are neither changed nor removed', TG_TABLE_NAME; END $$;
CREATE TRIGGER revision_is_kept BEFORE UPDATE OR DELETE ON revision FOR EACH ROW EXECUTE FUNCTION stays();

-- Work to do. A row without lease_token waits; lease_token decides whose result counts.
CREATE TABLE job (
    id          TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    stage       TEXT COLLATE "C"    NOT NULL CHECK (stage IN ('read', 'accept')),
    receipt     TEXT COLLATE "C"    NOT NULL REFERENCES receipt (id),
    ready       BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,             -- failures that the worker lived to tell
    crashes     BIGINT NOT NULL,             -- leases whose worker died or fell silent
    lease_token TEXT COLLATE "C",
    lease_owner TEXT COLLATE "C",
    lease_until BIGINT,
    error       TEXT COLLATE "C",
    created     BIGINT NOT NULL,
    UNIQUE (stage, receipt)
);
CREATE INDEX job_ready ON job (stage, ready, id);

-- One row for each sink and recipient of a frozen revision.
CREATE TABLE outbox (
    key         TEXT COLLATE "C"    NOT NULL PRIMARY KEY, -- uuid v5 of (document, revision, sink, recipient)
    document    TEXT COLLATE "C"    NOT NULL REFERENCES document (id),
    revision    BIGINT NOT NULL,
    sink        TEXT COLLATE "C"    NOT NULL,             -- board, mail
    purpose     TEXT COLLATE "C"    NOT NULL CHECK (purpose IN ('post', 'notice', 'held')),
    room        TEXT COLLATE "C",
    recipient   TEXT COLLATE "C"    NOT NULL,             -- '' for sinks that have none
    state       TEXT COLLATE "C"    NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'cancelled')),
    remote      TEXT COLLATE "C",                         -- what the receiving system calls it
    ready       BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    lease_token TEXT COLLATE "C",
    lease_owner TEXT COLLATE "C",
    lease_until BIGINT,
    error       TEXT COLLATE "C",
    created     BIGINT NOT NULL,
    updated     BIGINT NOT NULL,
    UNIQUE (document, revision, sink, purpose, recipient)
);
CREATE INDEX outbox_ready ON outbox (ready, key) WHERE state IN ('pending', 'sending');
CREATE INDEX outbox_document ON outbox (document, revision);

-- The board's timelines: a posting of the sink `board`.
CREATE TABLE post (
    key       TEXT COLLATE "C"    NOT NULL PRIMARY KEY REFERENCES outbox (key),
    room      TEXT COLLATE "C"    NOT NULL,
    document  TEXT COLLATE "C"    NOT NULL REFERENCES document (id),
    revision  BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    replaced  TEXT COLLATE "C",                           -- key of the newer version in the same room
    withdrawn BIGINT,
    UNIQUE (document, revision)
);
CREATE INDEX post_room ON post (room, at);
CREATE UNIQUE INDEX post_stands_once ON post (document) WHERE replaced IS NULL AND withdrawn IS NULL;

-- Registers, one row a record; `data` is the record as register.rs writes it.
CREATE TABLE register (
    kind  TEXT COLLATE "C"    NOT NULL CHECK (kind IN ('patient', 'institution', 'office', 'staff')),
    id    TEXT COLLATE "C"    NOT NULL,
    data  TEXT COLLATE "C"    NOT NULL,
    from_date  TEXT COLLATE "C",                          -- staff: first and last day, YYYY-MM-DD
    until_date TEXT COLLATE "C",
    since BIGINT NOT NULL,
    ended BIGINT,
    PRIMARY KEY (kind, id)
);

CREATE TABLE room (
    id         TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    name       TEXT COLLATE "C"    NOT NULL,
    kana       TEXT COLLATE "C"    NOT NULL,
    birth_date TEXT COLLATE "C"    NOT NULL,
    opened     BIGINT NOT NULL,
    ended      BIGINT
);

CREATE TABLE member (
    room  TEXT COLLATE "C"    NOT NULL REFERENCES room (id),
    mail  TEXT COLLATE "C"    NOT NULL,
    since BIGINT NOT NULL,
    ended BIGINT,
    PRIMARY KEY (room, mail)
);

-- Where a source stands: its own durable cursor and when it was last looked through.
CREATE TABLE source (
    name   TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    cursor TEXT COLLATE "C"    NOT NULL,
    looked BIGINT,
    fault  TEXT COLLATE "C"
);

-- Append-only, chained: hash is over the row and the hash before it.
CREATE TABLE audit (
    seq     BIGINT NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    actor   TEXT COLLATE "C"    NOT NULL,
    action  TEXT COLLATE "C"    NOT NULL,
    subject TEXT COLLATE "C"    NOT NULL,
    detail  TEXT COLLATE "C"    NOT NULL,
    prev    TEXT COLLATE "C"    NOT NULL,
    hash    TEXT COLLATE "C"    NOT NULL
);
CREATE INDEX audit_subject ON audit (subject, seq);
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION stays();

-- The last row of the audit log, so that a log whose end is missing is noticed.
CREATE TABLE audit_head (
    id   BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  BIGINT NOT NULL,
    hash TEXT COLLATE "C"    NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');
