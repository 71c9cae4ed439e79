-- Twin of migrations/sqlite/0004_canary.sql.
CREATE TABLE canary (
    token    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    source   TEXT COLLATE "C" NOT NULL,
    route    TEXT COLLATE "C" NOT NULL,
    slot     TEXT COLLATE "C",
    sent     BIGINT NOT NULL,
    due      BIGINT NOT NULL,
    expected TEXT COLLATE "C" NOT NULL,
    failed   TEXT COLLATE "C",
    arrived  BIGINT,
    document TEXT COLLATE "C" REFERENCES document (id),
    differs  TEXT COLLATE "C",
    unsure   BIGINT,
    UNIQUE (source, slot)
);
CREATE INDEX canary_open ON canary (sent) WHERE arrived IS NULL;
CREATE INDEX canary_source ON canary (source, sent);
