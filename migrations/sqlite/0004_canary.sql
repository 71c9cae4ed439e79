-- Faxes of our own, sent through the sources to see that they arrive and are read: one row each, kept for ever.
CREATE TABLE canary (
    token    TEXT    NOT NULL PRIMARY KEY,    -- the number on the page
    source   TEXT    NOT NULL,
    route    TEXT    NOT NULL,                -- folder, maildir, mail, append
    slot     TEXT,                            -- the set time that it was sent for; NULL: by hand
    sent     INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    expected TEXT    NOT NULL,                -- JSON: field → value
    failed   TEXT,                            -- why it could not be sent
    arrived  INTEGER,                         -- posted into the hidden room, or seen otherwise
    document TEXT    REFERENCES document (id),
    differs  TEXT,                            -- JSON: keys that were read otherwise; '[]' where all were exact
    unsure   INTEGER,                         -- fields that a person would have to look at
    UNIQUE (source, slot)
) STRICT;
CREATE INDEX canary_open ON canary (sent) WHERE arrived IS NULL;
CREATE INDEX canary_source ON canary (source, sent);
