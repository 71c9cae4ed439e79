-- Twin of migrations/sqlite/0009_rooms.sql.

CREATE TABLE seen (
    document TEXT COLLATE "C" NOT NULL REFERENCES document (id),
    account  TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    first    BIGINT NOT NULL,
    last     BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (document, account)
);
CREATE INDEX seen_account ON seen (account, document);

CREATE TABLE reply (
    id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    document  TEXT COLLATE "C" NOT NULL REFERENCES document (id),
    room      TEXT COLLATE "C" NOT NULL,
    account   TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    body      TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    withdrawn BIGINT
);
CREATE INDEX reply_document ON reply (document, at);

CREATE TABLE attachment (
    id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    reply  TEXT COLLATE "C" NOT NULL REFERENCES reply (id),
    name   TEXT COLLATE "C" NOT NULL,
    media  TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    size   BIGINT NOT NULL
);
CREATE INDEX attachment_reply ON attachment (reply);

CREATE TABLE gram (
    gram    TEXT COLLATE "C" NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (gram, kind, subject)
);
CREATE INDEX gram_subject ON gram (kind, subject);

CREATE TABLE found (
    document TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES document (id),
    received BIGINT NOT NULL,
    room     TEXT COLLATE "C" NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    sender   TEXT COLLATE "C" NOT NULL
);
CREATE INDEX found_newest ON found (received DESC, document, room, kind, sender);
CREATE INDEX found_room ON found (room, received);
CREATE TABLE found_day (
    day      TEXT COLLATE "C" NOT NULL,
    document TEXT COLLATE "C" NOT NULL REFERENCES document (id),
    PRIMARY KEY (day, document)
);
CREATE INDEX found_day_document ON found_day (document);

CREATE TABLE deadline (
    document TEXT COLLATE "C" NOT NULL REFERENCES document (id),
    kind     TEXT COLLATE "C" NOT NULL CHECK (kind IN ('order', 'discharge', 'admission', 'conference')),
    room     TEXT COLLATE "C" NOT NULL,
    due      TEXT COLLATE "C" NOT NULL,
    at       TEXT COLLATE "C" NOT NULL,
    start    TEXT COLLATE "C",
    PRIMARY KEY (document, kind)
);
CREATE INDEX deadline_due ON deadline (due, document);
CREATE INDEX deadline_room ON deadline (room, kind);

CREATE TABLE feed (
    account TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES account (id),
    token   TEXT COLLATE "C" NOT NULL UNIQUE,
    created BIGINT NOT NULL,
    used    BIGINT
);

CREATE TABLE proposal (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    document   TEXT COLLATE "C" NOT NULL REFERENCES document (id),
    name       TEXT COLLATE "C" NOT NULL,
    kana       TEXT COLLATE "C" NOT NULL,
    birth_date TEXT COLLATE "C" NOT NULL,
    members    TEXT COLLATE "C" NOT NULL,
    asked_by   TEXT COLLATE "C" NOT NULL,
    asked      BIGINT NOT NULL,
    ended_by   TEXT COLLATE "C",
    ended      BIGINT,
    room       TEXT COLLATE "C",
    released   BIGINT
);
CREATE UNIQUE INDEX proposal_open ON proposal (document) WHERE ended IS NULL;
