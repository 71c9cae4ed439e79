-- What the pages ask for, in the order in which they show it.
CREATE INDEX document_held ON document (state DESC, urgent DESC, created, id) WHERE state IN ('review', 'quarantined');
CREATE INDEX document_open ON document (urgent DESC, created, id) WHERE state = 'posted' AND open_fields > 0;
CREATE INDEX post_standing ON post (room, at) WHERE replaced IS NULL AND withdrawn IS NULL;
CREATE INDEX receipt_newest ON receipt (received DESC, id DESC);
