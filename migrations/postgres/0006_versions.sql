-- Twin of migrations/sqlite/0006_versions.sql.
ALTER TABLE document ADD COLUMN again_of TEXT COLLATE "C";
ALTER TABLE document ADD COLUMN supersedes TEXT COLLATE "C";
ALTER TABLE document ADD COLUMN differs TEXT COLLATE "C";
CREATE INDEX document_again ON document (again_of) WHERE again_of IS NOT NULL;
CREATE INDEX document_supersedes ON document (supersedes) WHERE supersedes IS NOT NULL;

-- What makes a mail the same mail, whatever way it took: Message-ID and content without the way's own headers.
ALTER TABLE receipt ADD COLUMN mail TEXT COLLATE "C";
CREATE INDEX receipt_mail ON receipt (mail) WHERE mail IS NOT NULL;
ALTER TABLE reading ADD COLUMN message_id TEXT COLLATE "C";
CREATE INDEX reading_message ON reading (message_id) WHERE message_id IS NOT NULL;

-- A fax that came in several mails, part by part.
CREATE TABLE part (
    receipt  TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES receipt (id),
    fax      TEXT COLLATE "C" NOT NULL,                 -- source, sender, number or subject, how many parts: what its parts have in common
    bundle   TEXT COLLATE "C" NOT NULL,                 -- receipt of the first part that came; parts of one fax share it
    number   BIGINT NOT NULL,              -- n of n/m; 0 where the gateway tells a message number only
    total    BIGINT NOT NULL,              -- m; 0 as above
    reading  TEXT COLLATE "C" NOT NULL REFERENCES reading (id),
    received BIGINT NOT NULL,
    until    BIGINT NOT NULL,              -- it waits for the others no longer than this
    joined   BIGINT                        -- when it was made into documents; NULL while it waits
);
CREATE INDEX part_fax ON part (fax, received);
