-- How people want to be told, invitations to conferences, Web Push, tokens of the API. Adds only.

-- One row for each mailbox that has chosen something; all others are told at once, whenever it is.
CREATE TABLE preference (
    mailbox     TEXT    NOT NULL PRIMARY KEY, -- in lower case
    digest      TEXT    NOT NULL,             -- times of day in Japan, 08:00,17:00; empty: at once
    quiet_from  TEXT    NOT NULL,             -- time of day; empty: never quiet
    quiet_until TEXT    NOT NULL,
    updated     INTEGER NOT NULL
) STRICT;

ALTER TABLE outbox ADD COLUMN held_until INTEGER;  -- its recipient does not want it before
ALTER TABLE outbox ADD COLUMN digest     INTEGER;  -- 1: goes into a digest, never by itself
ALTER TABLE outbox ADD COLUMN attached   TEXT;     -- an iCalendar object that goes with it
CREATE INDEX outbox_digest ON outbox (held_until, recipient) WHERE state = 'pending' AND digest = 1;
CREATE INDEX outbox_failed ON outbox (updated) WHERE state = 'failed';
CREATE INDEX letter_failed ON letter (updated) WHERE state = 'failed';

-- What was last told of a conference: one row for each entry of people's calendars.
CREATE TABLE invitation (
    uid      TEXT    NOT NULL PRIMARY KEY,    -- the same for all versions of its sheet
    document TEXT    NOT NULL REFERENCES document (id), -- version that it stands on now
    room     TEXT    NOT NULL,
    sequence INTEGER NOT NULL,
    told     TEXT    NOT NULL,                -- JSON: when, where, how certain
    updated  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX invitation_document ON invitation (document);

-- Browsers that are told by a push service (RFC 8030). Who has these can send messages to the person, and read nothing.
CREATE TABLE subscription (
    id       TEXT    NOT NULL PRIMARY KEY,    -- uuid v5 of the endpoint
    account  TEXT    NOT NULL REFERENCES account (id),
    endpoint TEXT    NOT NULL,
    p256dh   TEXT    NOT NULL,                -- the browser's public key, base64url
    auth     TEXT    NOT NULL,                -- the browser's authentication secret, base64url
    label    TEXT    NOT NULL,
    created  INTEGER NOT NULL
) STRICT;
CREATE INDEX subscription_account ON subscription (account);

-- What programs sign in with.
CREATE TABLE token (
    id      TEXT    NOT NULL PRIMARY KEY,     -- uuid
    hash    TEXT    NOT NULL UNIQUE,          -- SHA-256 of what its holder has
    account TEXT    NOT NULL REFERENCES account (id),
    label   TEXT    NOT NULL,
    scopes  TEXT    NOT NULL,                 -- of account::Scope, with commas
    created INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    used    INTEGER
) STRICT;
CREATE INDEX token_account ON token (account);
