-- Which national form a sheet is, where its type has several. Adds only.

-- Key of config/forms that its heading names, as it was read on receipt; NULL: its type's usual one, or not known.
ALTER TABLE document ADD COLUMN form TEXT COLLATE "C";
