-- Rooms as people use them: who has read what, replies with files, search, deadlines, rooms that are proposed. Adds only.

-- Who has opened a sheet in its room: a person, also where an office shares a mailbox.
CREATE TABLE seen (
    document TEXT    NOT NULL REFERENCES document (id),
    account  TEXT    NOT NULL REFERENCES account (id),
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    revision INTEGER NOT NULL,                -- the newest that they saw
    PRIMARY KEY (document, account)
) STRICT;
CREATE INDEX seen_account ON seen (account, document);

-- The thread of a sheet. What is taken back stays, and is shown no more.
CREATE TABLE reply (
    id        TEXT    NOT NULL PRIMARY KEY,
    document  TEXT    NOT NULL REFERENCES document (id),
    room      TEXT    NOT NULL,               -- in which it was written: it is shown in no other
    account   TEXT    NOT NULL REFERENCES account (id),
    body      TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    withdrawn INTEGER
) STRICT;
CREATE INDEX reply_document ON reply (document, at);

CREATE TABLE attachment (
    id     TEXT    NOT NULL PRIMARY KEY,
    reply  TEXT    NOT NULL REFERENCES reply (id),
    name   TEXT    NOT NULL,
    media  TEXT    NOT NULL,                  -- by its first bytes: application/pdf, image/png, image/jpeg
    sha256 TEXT    NOT NULL,                  -- of the bytes, a blob
    size   INTEGER NOT NULL
) STRICT;
CREATE INDEX attachment_reply ON attachment (reply);

-- What is searched: pairs of folded characters of rooms and senders (kind 'room': its id; 'sender': the name itself).
-- Made out of room, document and revision; `meta` has under 'search' by which version of the program.
CREATE TABLE gram (
    gram    TEXT NOT NULL,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (gram, kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX gram_subject ON gram (kind, subject);

-- A posted document in the room where it was posted last, and the days that stand on it, accepted ones only.
CREATE TABLE found (
    document TEXT    NOT NULL PRIMARY KEY REFERENCES document (id),
    received INTEGER NOT NULL,
    room     TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    sender   TEXT    NOT NULL                 -- accepted text only, else ''
) STRICT;
CREATE INDEX found_newest ON found (received DESC, document, room, kind, sender);
CREATE INDEX found_room ON found (room, received);
CREATE TABLE found_day (
    day      TEXT NOT NULL,                   -- YYYY-MM-DD
    document TEXT NOT NULL REFERENCES document (id),
    PRIMARY KEY (day, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX found_day_document ON found_day (document);

-- What ends or takes place on a day, by an accepted value of a posted document. Made out of the revision, as above.
CREATE TABLE deadline (
    document TEXT NOT NULL REFERENCES document (id),
    kind     TEXT NOT NULL CHECK (kind IN ('order', 'discharge', 'admission', 'conference')),
    room     TEXT NOT NULL,
    due      TEXT NOT NULL,                   -- YYYY-MM-DD
    at       TEXT NOT NULL,                   -- YYYY-MM-DD or YYYY-MM-DDTHH:MM, as it was read
    start    TEXT,                            -- first day of the period of an order
    PRIMARY KEY (document, kind)
) STRICT;
CREATE INDEX deadline_due ON deadline (due, document);
CREATE INDEX deadline_room ON deadline (room, kind);

-- The secret address of a person's calendar.
CREATE TABLE feed (
    account TEXT    NOT NULL PRIMARY KEY REFERENCES account (id),
    token   TEXT    NOT NULL UNIQUE,          -- SHA-256 of what stands in the address
    created INTEGER NOT NULL,
    used    INTEGER
) STRICT;

-- A room for a patient who has none. Once agreed to it is kept whatever the register's file says, until it is released.
CREATE TABLE proposal (
    id         TEXT    NOT NULL PRIMARY KEY,
    document   TEXT    NOT NULL REFERENCES document (id),
    name       TEXT    NOT NULL,
    kana       TEXT    NOT NULL,
    birth_date TEXT    NOT NULL,
    members    TEXT    NOT NULL,              -- JSON array of mail addresses
    asked_by   TEXT    NOT NULL,
    asked      INTEGER NOT NULL,
    ended_by   TEXT,
    ended      INTEGER,
    room       TEXT,                          -- that was opened; NULL: refused
    released   INTEGER
) STRICT;
CREATE UNIQUE INDEX proposal_open ON proposal (document) WHERE ended IS NULL;
