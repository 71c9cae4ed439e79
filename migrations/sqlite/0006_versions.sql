-- The same fax once more, and versions of one. Adds only, so that a program of the version before works beside.

-- This document is that one sent again: it has no postings of its own, the first's are its.
ALTER TABLE document ADD COLUMN again_of TEXT;
-- This document took that one's place in the room.
ALTER TABLE document ADD COLUMN supersedes TEXT;
-- JSON array: keys of fields in which it differs from the document that it supersedes, or may differ.
ALTER TABLE document ADD COLUMN differs TEXT;
CREATE INDEX document_again ON document (again_of) WHERE again_of IS NOT NULL;
CREATE INDEX document_supersedes ON document (supersedes) WHERE supersedes IS NOT NULL;

-- What makes a mail the same mail, whatever way it took: Message-ID and content without the way's own headers.
ALTER TABLE receipt ADD COLUMN mail TEXT;
CREATE INDEX receipt_mail ON receipt (mail) WHERE mail IS NOT NULL;
ALTER TABLE reading ADD COLUMN message_id TEXT;
CREATE INDEX reading_message ON reading (message_id) WHERE message_id IS NOT NULL;

-- A fax that came in several mails, part by part.
CREATE TABLE part (
    receipt  TEXT NOT NULL PRIMARY KEY REFERENCES receipt (id),
    fax      TEXT NOT NULL,                 -- source, sender, number or subject, how many parts: what its parts have in common
    bundle   TEXT NOT NULL,                 -- receipt of the first part that came; parts of one fax share it
    number   INTEGER NOT NULL,              -- n of n/m; 0 where the gateway tells a message number only
    total    INTEGER NOT NULL,              -- m; 0 as above
    reading  TEXT NOT NULL REFERENCES reading (id),
    received INTEGER NOT NULL,
    until    INTEGER NOT NULL,              -- it waits for the others no longer than this
    joined   INTEGER                        -- when it was made into documents; NULL while it waits
) STRICT;
CREATE INDEX part_fax ON part (fax, received);
