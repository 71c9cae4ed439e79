-- Rules that administrators tune: what a city puts on top of the rules of the program. Adds only.

-- A layer that was put in force. Never changed; going back is a new row with an old layer.
CREATE TABLE rule_revision (
    number  INTEGER NOT NULL PRIMARY KEY,     -- from 1; the greatest is in force
    hash    TEXT    NOT NULL,                 -- SHA-256 of the layer
    layer   TEXT    NOT NULL,                 -- JSON: file name -> TOML
    parent  INTEGER NOT NULL,                 -- the one that was in force when the draft was begun; 0: the base alone
    author  TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    tried   TEXT    NOT NULL,                 -- JSON: what the backtest found before; {} where there was none
    created INTEGER NOT NULL
) STRICT;
CREATE TRIGGER rule_revision_is_frozen BEFORE UPDATE ON rule_revision BEGIN SELECT RAISE(ABORT, 'a revision is frozen'); END;
CREATE TRIGGER rule_revision_is_kept BEFORE DELETE ON rule_revision BEGIN SELECT RAISE(ABORT, 'a revision is kept'); END;

-- What somebody works on; one a person.
CREATE TABLE rule_draft (
    owner   TEXT    NOT NULL PRIMARY KEY,     -- login
    parent  INTEGER NOT NULL,
    layer   TEXT    NOT NULL,
    updated INTEGER NOT NULL
) STRICT;

-- What the rules of today make of a sheet that older ones read: an offer, until a person takes or refuses it.
CREATE TABLE reread (
    document TEXT    NOT NULL PRIMARY KEY REFERENCES document (id),
    revision INTEGER NOT NULL,                -- the document's, which it was compared with
    rules    TEXT    NOT NULL,                -- hash of the rules
    fields   TEXT    NOT NULL,                -- JSON: key -> model::Field, or null where it is no longer found
    asked_by TEXT    NOT NULL,
    created  INTEGER NOT NULL
) STRICT;

-- What a backtest asks of a sheet that a person has decided about: whose it is, so that what a change cannot touch is
-- passed over, and what is true of it. Made out of readings and revisions, again and again.
CREATE TABLE sheet_mark (
    document TEXT NOT NULL PRIMARY KEY REFERENCES document (id),
    revision INTEGER NOT NULL,                -- of the document, which the truth is of
    version  INTEGER NOT NULL,                -- of what makes these columns
    numbers  TEXT NOT NULL,                -- telephone numbers on the pages of its reading: digits, with spaces
    text     TEXT NOT NULL,                -- their lines, folded
    truth    TEXT NOT NULL                 -- JSON: key -> value, or null where a person says that the page has none
) STRICT;
