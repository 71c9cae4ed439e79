-- The store's first schema. Times are milliseconds since 1970 (our clock), ids and JSON are TEXT.
-- SQLite's STRICT tables know INTEGER (64 bits) only; the PostgreSQL twin of this file says BIGINT and BYTEA.
-- Nothing here may be edited once it has been released: add a file, expand first and contract a version later.

-- One file or mail that a source gave us. The same name with other content is another receipt.
CREATE TABLE receipt (
    id        TEXT    NOT NULL PRIMARY KEY,
    source    TEXT    NOT NULL,
    source_id TEXT    NOT NULL,
    sha256    TEXT    NOT NULL,               -- of the original bytes; '' where a verdict was recorded without bytes
    size      INTEGER NOT NULL,
    name      TEXT    NOT NULL,               -- file name or subject as the source tells it: a hint, never believed
    detail    TEXT    NOT NULL,               -- JSON: what else the source knows
    received  INTEGER NOT NULL,
    updated   INTEGER NOT NULL,
    linked    TEXT    REFERENCES receipt (id),-- the first receipt of the same content; state and documents are its
    state     TEXT    NOT NULL CHECK (state IN ('processing', 'posted', 'review', 'ignored', 'quarantined')),
    reason    TEXT,
    UNIQUE (source, source_id, sha256)
) STRICT;
CREATE INDEX receipt_content ON receipt (sha256, received);
CREATE INDEX receipt_open ON receipt (received) WHERE state = 'processing';

-- What the recogniser read in one content, by which engine: a stage's result.
CREATE TABLE reading (
    id      TEXT    NOT NULL PRIMARY KEY,
    sha256  TEXT    NOT NULL,                 -- of the original bytes
    reader  TEXT    NOT NULL,                 -- JSON of model::Reader, rules left empty
    version INTEGER NOT NULL,                 -- reading::VERSION
    blob    TEXT    NOT NULL,                 -- sha256 of the reading's bytes
    at      INTEGER NOT NULL,
    UNIQUE (sha256, reader, version)
) STRICT;

CREATE TABLE page (
    reading TEXT    NOT NULL REFERENCES reading (id),
    number  INTEGER NOT NULL,
    blob    TEXT,                             -- sha256 of the upright PNG; NULL where the page could not be read
    width   INTEGER NOT NULL,
    height  INTEGER NOT NULL,
    blank   INTEGER NOT NULL,
    failed  TEXT,
    PRIMARY KEY (reading, number)
) STRICT;

-- One document of a receipt, or one part of it that could not be read (pages '[]').
CREATE TABLE document (
    id          TEXT    NOT NULL PRIMARY KEY, -- uuid v5 of (receipt, ordinal)
    receipt     TEXT    NOT NULL REFERENCES receipt (id),
    ordinal     INTEGER NOT NULL,
    reading     TEXT    REFERENCES reading (id),
    kind        TEXT    NOT NULL,
    pages       TEXT    NOT NULL,             -- JSON array, 1-based pages of the file
    part        TEXT,                         -- name of the part, where this stands for an unreadable one
    state       TEXT    NOT NULL
                CHECK (state IN ('processing', 'posted', 'review', 'ignored', 'quarantined', 'withdrawn')),
    reason      TEXT,
    room        TEXT,
    candidates  TEXT    NOT NULL,             -- JSON array of store::Candidate
    revision    INTEGER NOT NULL,             -- the newest frozen one
    open_fields INTEGER NOT NULL,
    urgent      INTEGER NOT NULL,
    sender      TEXT,                         -- accepted text only
    discharge   TEXT,                         -- accepted text only
    held_by     TEXT,                         -- a reviewer who works on it
    held_until  INTEGER,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL,
    UNIQUE (receipt, ordinal)
) STRICT;
CREATE INDEX document_review ON document (urgent DESC, created) WHERE state IN ('review', 'quarantined') OR open_fields > 0;
CREATE INDEX document_room ON document (room, created);

-- What was decided about a document, frozen. The machine writes number 1, persons write the later ones.
CREATE TABLE revision (
    document TEXT    NOT NULL REFERENCES document (id),
    number   INTEGER NOT NULL,
    content  TEXT    NOT NULL,                -- JSON of model::Document
    room     TEXT,
    reader   TEXT    NOT NULL,                -- JSON of model::Reader, rules included
    actor    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    sha256   TEXT    NOT NULL,                -- over content, room and reader; the audit row carries the same
    PRIMARY KEY (document, number)
) STRICT;
CREATE TRIGGER revision_is_frozen BEFORE UPDATE ON revision BEGIN SELECT RAISE(ABORT, 'a revision is frozen'); END;
CREATE TRIGGER revision_is_kept BEFORE DELETE ON revision BEGIN SELECT RAISE(ABORT, 'a revision is kept'); END;

-- Work to do. A row without lease_token waits; lease_token decides whose result counts.
CREATE TABLE job (
    id          TEXT    NOT NULL PRIMARY KEY,
    stage       TEXT    NOT NULL CHECK (stage IN ('read', 'accept')),
    receipt     TEXT    NOT NULL REFERENCES receipt (id),
    ready       INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,             -- failures that the worker lived to tell
    crashes     INTEGER NOT NULL,             -- leases whose worker died or fell silent
    lease_token TEXT,
    lease_owner TEXT,
    lease_until INTEGER,
    error       TEXT,
    created     INTEGER NOT NULL,
    UNIQUE (stage, receipt)
) STRICT;
CREATE INDEX job_ready ON job (stage, ready, id);

-- One row for each sink and recipient of a frozen revision.
CREATE TABLE outbox (
    key         TEXT    NOT NULL PRIMARY KEY, -- uuid v5 of (document, revision, sink, recipient)
    document    TEXT    NOT NULL REFERENCES document (id),
    revision    INTEGER NOT NULL,
    sink        TEXT    NOT NULL,             -- board, mail
    purpose     TEXT    NOT NULL CHECK (purpose IN ('post', 'notice', 'held')),
    room        TEXT,
    recipient   TEXT    NOT NULL,             -- '' for sinks that have none
    state       TEXT    NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'cancelled')),
    remote      TEXT,                         -- what the receiving system calls it
    ready       INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    lease_token TEXT,
    lease_owner TEXT,
    lease_until INTEGER,
    error       TEXT,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL,
    UNIQUE (document, revision, sink, purpose, recipient)
) STRICT;
CREATE INDEX outbox_ready ON outbox (ready, key) WHERE state IN ('pending', 'sending');
CREATE INDEX outbox_document ON outbox (document, revision);

-- The board's timelines: a posting of the sink `board`.
CREATE TABLE post (
    key       TEXT    NOT NULL PRIMARY KEY REFERENCES outbox (key),
    room      TEXT    NOT NULL,
    document  TEXT    NOT NULL REFERENCES document (id),
    revision  INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    replaced  TEXT,                           -- key of the newer version in the same room
    withdrawn INTEGER,
    UNIQUE (document, revision)
) STRICT;
CREATE INDEX post_room ON post (room, at);
CREATE UNIQUE INDEX post_stands_once ON post (document) WHERE replaced IS NULL AND withdrawn IS NULL;

-- Registers, one row a record; `data` is the record as register.rs writes it.
CREATE TABLE register (
    kind  TEXT    NOT NULL CHECK (kind IN ('patient', 'institution', 'office', 'staff')),
    id    TEXT    NOT NULL,
    data  TEXT    NOT NULL,
    from_date  TEXT,                          -- staff: first and last day, YYYY-MM-DD
    until_date TEXT,
    since INTEGER NOT NULL,
    ended INTEGER,
    PRIMARY KEY (kind, id)
) STRICT;

CREATE TABLE room (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    kana       TEXT    NOT NULL,
    birth_date TEXT    NOT NULL,
    opened     INTEGER NOT NULL,
    ended      INTEGER
) STRICT;

CREATE TABLE member (
    room  TEXT    NOT NULL REFERENCES room (id),
    mail  TEXT    NOT NULL,
    since INTEGER NOT NULL,
    ended INTEGER,
    PRIMARY KEY (room, mail)
) STRICT;

-- Where a source stands: its own durable cursor and when it was last looked through.
CREATE TABLE source (
    name   TEXT    NOT NULL PRIMARY KEY,
    cursor TEXT    NOT NULL,
    looked INTEGER,
    fault  TEXT
) STRICT;

-- Append-only, chained: hash is over the row and the hash before it.
CREATE TABLE audit (
    seq     INTEGER NOT NULL PRIMARY KEY,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    prev    TEXT    NOT NULL,
    hash    TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_subject ON audit (subject, seq);
CREATE TRIGGER audit_is_frozen BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- The last row of the audit log, so that a log whose end is missing is noticed.
CREATE TABLE audit_head (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    hash TEXT    NOT NULL
) STRICT;
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');
