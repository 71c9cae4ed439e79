-- Twin of migrations/sqlite/0002_meta.sql.
CREATE TABLE meta (
    key   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);
INSERT INTO meta (key, value) VALUES ('floor', '1');

ALTER TABLE source ADD COLUMN owner TEXT COLLATE "C";
ALTER TABLE source ADD COLUMN owned_until BIGINT;
