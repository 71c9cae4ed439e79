-- Twin of migrations/sqlite/0011_rules.sql.

-- A layer that was put in force. Never changed; going back is a new row with an old layer.
CREATE TABLE rule_revision (
    number  BIGINT NOT NULL PRIMARY KEY,     -- from 1; the greatest is in force
    hash    TEXT COLLATE "C"    NOT NULL,                 -- SHA-256 of the layer
    layer   TEXT COLLATE "C"    NOT NULL,                 -- JSON: file name -> TOML
    parent  BIGINT NOT NULL,                 -- the one that was in force when the draft was begun; 0: the base alone
    author  TEXT COLLATE "C"    NOT NULL,
    reason  TEXT COLLATE "C"    NOT NULL,
    tried   TEXT COLLATE "C"    NOT NULL,                 -- JSON: what the backtest found before; {} where there was none
    created BIGINT NOT NULL
);
CREATE TRIGGER rule_revision_is_kept BEFORE UPDATE OR DELETE ON rule_revision FOR EACH ROW EXECUTE FUNCTION stays();

-- What somebody works on; one a person.
CREATE TABLE rule_draft (
    owner   TEXT COLLATE "C"    NOT NULL PRIMARY KEY,     -- login
    parent  BIGINT NOT NULL,
    layer   TEXT COLLATE "C"    NOT NULL,
    updated BIGINT NOT NULL
);

-- What the rules of today make of a sheet that older ones read: an offer, until a person takes or refuses it.
CREATE TABLE reread (
    document TEXT COLLATE "C"    NOT NULL PRIMARY KEY REFERENCES document (id),
    revision BIGINT NOT NULL,                -- the document's, which it was compared with
    rules    TEXT COLLATE "C"    NOT NULL,                -- hash of the rules
    fields   TEXT COLLATE "C"    NOT NULL,                -- JSON: key -> model::Field, or null where it is no longer found
    asked_by TEXT COLLATE "C"    NOT NULL,
    created  BIGINT NOT NULL
);

-- What a backtest asks of a sheet that a person has decided about: whose it is, so that what a change cannot touch is
-- passed over, and what is true of it. Made out of readings and revisions, again and again.
CREATE TABLE sheet_mark (
    document TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES document (id),
    revision BIGINT NOT NULL,                -- of the document, which the truth is of
    version  BIGINT NOT NULL,                -- of what makes these columns
    numbers  TEXT COLLATE "C" NOT NULL,                -- telephone numbers on the pages of its reading: digits, with spaces
    text     TEXT COLLATE "C" NOT NULL,                -- their lines, folded
    truth    TEXT COLLATE "C" NOT NULL                 -- JSON: key -> value, or null where a person says that the page has none
);
