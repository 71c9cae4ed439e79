-- Facts about the store itself: `floor`, the oldest schema number whose programs may work with it (a migration that
-- contracts raises it, see src/store/db.rs), `blobs`, the id of the blob store that belongs to it.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
INSERT INTO meta (key, value) VALUES ('floor', '1');

-- Who may look through a source: one process at a time, for as long as it says so.
ALTER TABLE source ADD COLUMN owner TEXT;
ALTER TABLE source ADD COLUMN owned_until INTEGER;
