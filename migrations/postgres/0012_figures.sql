-- Twin of migrations/sqlite/0012_figures.sql.

-- Figures: what became of each sheet in numbers, what persons put right, blind samples, fields that fell back. Adds only.

-- One row for each document that is no canary. No patient data, and no reference: counts outlive the sheets.
CREATE TABLE figure (
    document  TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    hospital  TEXT COLLATE "C"    NOT NULL,               -- id in the register of institutions; '~' and the accepted sender; '': unknown
    kind      TEXT COLLATE "C"    NOT NULL,
    received  BIGINT NOT NULL,
    posted    BIGINT,                        -- when it first stood in a room
    machine   BIGINT,                        -- 1: posted without a person
    again     BIGINT,                        -- 1: another one sent again
    noticed   BIGINT,                        -- when the first notice of it was sent
    opened    BIGINT,                        -- when a person first opened it in its room
    discharge TEXT COLLATE "C",                           -- accepted date, YYYY-MM-DD
    fields    BIGINT NOT NULL,               -- of the machine's revision, and those of them that waited for a person
    unsure    BIGINT NOT NULL,
    chance    BIGINT,                        -- parts of a million with which it was to be drawn as a blind sample; NULL: never was
    legible   BIGINT,                        -- thousandths: mean probability of its characters; NULL: not known
    wanted    BIGINT,                        -- required items of its national form; NULL: not looked at, or none
    there     BIGINT                         -- those of them that were found
);
CREATE INDEX figure_received ON figure (received);
CREATE INDEX figure_hospital ON figure (hospital, received);
CREATE INDEX figure_drawn ON figure (hospital, posted) WHERE chance IS NOT NULL;

-- Required items of a national form that a sheet lacks.
CREATE TABLE lack (
    document TEXT COLLATE "C" NOT NULL,
    item     TEXT COLLATE "C" NOT NULL,                   -- key of config/forms
    how      TEXT COLLATE "C" NOT NULL CHECK (how IN ('missing', 'unreadable')),
    PRIMARY KEY (document, item)
);

-- What a person said of a field: keys only, no values.
CREATE TABLE correction (
    document TEXT COLLATE "C"    NOT NULL,
    revision BIGINT NOT NULL,                -- the one that it made
    field    TEXT COLLATE "C"    NOT NULL,
    how      TEXT COLLATE "C"    NOT NULL CHECK (how IN ('confirm', 'set', 'remove', 'add')),
    sure     BIGINT NOT NULL,                -- 1: it stood there as certain before
    at       BIGINT NOT NULL,
    PRIMARY KEY (document, revision, field)
);
CREATE INDEX correction_at ON correction (at);

-- Sheets that went straight through and are read once more by a person who does not see what the machine read.
CREATE TABLE sample (
    document TEXT COLLATE "C"    NOT NULL PRIMARY KEY REFERENCES document (id),
    hospital TEXT COLLATE "C"    NOT NULL,
    chance   BIGINT NOT NULL,                -- parts of a million: its probability of being drawn
    drawn    BIGINT NOT NULL,
    topped   BIGINT NOT NULL,                -- 1: drawn at the end of its week, which had too few
    done     BIGINT                          -- when the last of its fields was decided
);
CREATE INDEX sample_open ON sample (drawn) WHERE done IS NULL;
CREATE INDEX sample_week ON sample (hospital, drawn);

-- A field of a sample: accepted by the machine in revision 1.
CREATE TABLE sample_field (
    document TEXT COLLATE "C"    NOT NULL REFERENCES sample (document),
    field    TEXT COLLATE "C"    NOT NULL,
    typed    TEXT COLLATE "C",                            -- JSON of model::Value; only as long as it differs and nobody decided
    how      TEXT COLLATE "C"    CHECK (how IN ('value', 'absent', 'unreadable')),
    verdict  TEXT COLLATE "C"    CHECK (verdict IN ('right', 'wrong', 'none')),
    actor    TEXT COLLATE "C",
    at       BIGINT,
    PRIMARY KEY (document, field)
);
CREATE INDEX sample_field_decided ON sample_field (field, verdict);

-- Fields whose live error rate is above the limit: they wait for a person until an administrator lifts it.
CREATE TABLE field_fallback (
    id       TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    field    TEXT COLLATE "C"    NOT NULL,
    hospital TEXT COLLATE "C"    NOT NULL,                -- as in figure; '*': of all
    since    BIGINT NOT NULL,
    checked  BIGINT NOT NULL,                -- samples that it rests on, and errors among them
    errors   BIGINT NOT NULL,
    lower    BIGINT NOT NULL,                -- parts of a million: the interval's lower end
    lifted   BIGINT,
    lifted_by TEXT COLLATE "C",
    reason   TEXT COLLATE "C"
);
CREATE UNIQUE INDEX field_fallback_stands ON field_fallback (field, hospital) WHERE lifted IS NULL;

-- Who uses the rooms, by time.
CREATE INDEX seen_first ON seen (first, account);
CREATE INDEX reply_at ON reply (at, account);

-- What is there already, as far as rows tell.
INSERT INTO figure (document, hospital, kind, received, posted, machine, again, noticed, opened, discharge, fields, unsure)
SELECT d.id, coalesce(CAST(v.content AS jsonb) ->> 'sender_id', '~' || replace(replace(d.sender, ' ', ''), '　', ''), ''), d.kind, r.received,
       (SELECT min(o.created) FROM outbox o WHERE o.document = d.id AND o.purpose = 'post'),
       CASE WHEN EXISTS (SELECT 1 FROM outbox o WHERE o.document = d.id AND o.purpose = 'post')
            THEN CAST(EXISTS (SELECT 1 FROM outbox o WHERE o.document = d.id AND o.purpose = 'post' AND o.revision = 1) AS INT) END,
       CASE WHEN d.again_of IS NOT NULL THEN 1 END,
       (SELECT min(o.updated) FROM outbox o WHERE o.document = d.id AND o.purpose = 'notice' AND o.state = 'sent'),
       (SELECT min(s.first) FROM seen s WHERE s.document = d.id),
       d.discharge,
       (SELECT count(*) FROM jsonb_each(CAST(v.content AS jsonb) -> 'fields')),
       (SELECT count(*) FROM jsonb_each(CAST(v.content AS jsonb) -> 'fields') f WHERE f.value ->> 'status' = 'review')
FROM document d JOIN receipt r ON r.id = d.receipt JOIN revision v ON v.document = d.id AND v.number = 1
WHERE NOT EXISTS (SELECT 1 FROM canary c WHERE c.document = d.id);
