-- Figures: what became of each sheet in numbers, what persons put right, blind samples, fields that fell back. Adds only.

-- One row for each document that is no canary. No patient data, and no reference: counts outlive the sheets.
CREATE TABLE figure (
    document  TEXT    NOT NULL PRIMARY KEY,
    hospital  TEXT    NOT NULL,               -- id in the register of institutions; '~' and the accepted sender; '': unknown
    kind      TEXT    NOT NULL,
    received  INTEGER NOT NULL,
    posted    INTEGER,                        -- when it first stood in a room
    machine   INTEGER,                        -- 1: posted without a person
    again     INTEGER,                        -- 1: another one sent again
    noticed   INTEGER,                        -- when the first notice of it was sent
    opened    INTEGER,                        -- when a person first opened it in its room
    discharge TEXT,                           -- accepted date, YYYY-MM-DD
    fields    INTEGER NOT NULL,               -- of the machine's revision, and those of them that waited for a person
    unsure    INTEGER NOT NULL,
    chance    INTEGER,                        -- parts of a million with which it was to be drawn as a blind sample; NULL: never was
    legible   INTEGER,                        -- thousandths: mean probability of its characters; NULL: not known
    wanted    INTEGER,                        -- required items of its national form; NULL: not looked at, or none
    there     INTEGER                         -- those of them that were found
) STRICT;
CREATE INDEX figure_received ON figure (received);
CREATE INDEX figure_hospital ON figure (hospital, received);
CREATE INDEX figure_drawn ON figure (hospital, posted) WHERE chance IS NOT NULL;

-- Required items of a national form that a sheet lacks.
CREATE TABLE lack (
    document TEXT NOT NULL,
    item     TEXT NOT NULL,                   -- key of config/forms
    how      TEXT NOT NULL CHECK (how IN ('missing', 'unreadable')),
    PRIMARY KEY (document, item)
) STRICT, WITHOUT ROWID;

-- What a person said of a field: keys only, no values.
CREATE TABLE correction (
    document TEXT    NOT NULL,
    revision INTEGER NOT NULL,                -- the one that it made
    field    TEXT    NOT NULL,
    how      TEXT    NOT NULL CHECK (how IN ('confirm', 'set', 'remove', 'add')),
    sure     INTEGER NOT NULL,                -- 1: it stood there as certain before
    at       INTEGER NOT NULL,
    PRIMARY KEY (document, revision, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX correction_at ON correction (at);

-- Sheets that went straight through and are read once more by a person who does not see what the machine read.
CREATE TABLE sample (
    document TEXT    NOT NULL PRIMARY KEY REFERENCES document (id),
    hospital TEXT    NOT NULL,
    chance   INTEGER NOT NULL,                -- parts of a million: its probability of being drawn
    drawn    INTEGER NOT NULL,
    topped   INTEGER NOT NULL,                -- 1: drawn at the end of its week, which had too few
    done     INTEGER                          -- when the last of its fields was decided
) STRICT;
CREATE INDEX sample_open ON sample (drawn) WHERE done IS NULL;
CREATE INDEX sample_week ON sample (hospital, drawn);

-- A field of a sample: accepted by the machine in revision 1.
CREATE TABLE sample_field (
    document TEXT    NOT NULL REFERENCES sample (document),
    field    TEXT    NOT NULL,
    typed    TEXT,                            -- JSON of model::Value; only as long as it differs and nobody decided
    how      TEXT    CHECK (how IN ('value', 'absent', 'unreadable')),
    verdict  TEXT    CHECK (verdict IN ('right', 'wrong', 'none')),
    actor    TEXT,
    at       INTEGER,
    PRIMARY KEY (document, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX sample_field_decided ON sample_field (field, verdict);

-- Fields whose live error rate is above the limit: they wait for a person until an administrator lifts it.
CREATE TABLE field_fallback (
    id       TEXT    NOT NULL PRIMARY KEY,
    field    TEXT    NOT NULL,
    hospital TEXT    NOT NULL,                -- as in figure; '*': of all
    since    INTEGER NOT NULL,
    checked  INTEGER NOT NULL,                -- samples that it rests on, and errors among them
    errors   INTEGER NOT NULL,
    lower    INTEGER NOT NULL,                -- parts of a million: the interval's lower end
    lifted   INTEGER,
    lifted_by TEXT,
    reason   TEXT
) STRICT;
CREATE UNIQUE INDEX field_fallback_stands ON field_fallback (field, hospital) WHERE lifted IS NULL;

-- Who uses the rooms, by time.
CREATE INDEX seen_first ON seen (first, account);
CREATE INDEX reply_at ON reply (at, account);

-- What is there already, as far as rows tell.
INSERT INTO figure (document, hospital, kind, received, posted, machine, again, noticed, opened, discharge, fields, unsure)
SELECT d.id, coalesce(json_extract(v.content, '$.sender_id'), '~' || replace(replace(d.sender, ' ', ''), '　', ''), ''), d.kind, r.received,
       (SELECT min(o.created) FROM outbox o WHERE o.document = d.id AND o.purpose = 'post'),
       CASE WHEN EXISTS (SELECT 1 FROM outbox o WHERE o.document = d.id AND o.purpose = 'post')
            THEN EXISTS (SELECT 1 FROM outbox o WHERE o.document = d.id AND o.purpose = 'post' AND o.revision = 1) END,
       CASE WHEN d.again_of IS NOT NULL THEN 1 END,
       (SELECT min(o.updated) FROM outbox o WHERE o.document = d.id AND o.purpose = 'notice' AND o.state = 'sent'),
       (SELECT min(s.first) FROM seen s WHERE s.document = d.id),
       d.discharge,
       (SELECT count(*) FROM json_each(v.content, '$.fields')),
       (SELECT count(*) FROM json_each(v.content, '$.fields') f WHERE json_extract(f.value, '$.status') = 'review')
FROM document d JOIN receipt r ON r.id = d.receipt JOIN revision v ON v.document = d.id AND v.number = 1
WHERE NOT EXISTS (SELECT 1 FROM canary c WHERE c.document = d.id);
