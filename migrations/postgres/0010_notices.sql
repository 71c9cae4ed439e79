-- Twin of migrations/sqlite/0010_notices.sql.

-- One row for each mailbox that has chosen something; all others are told at once, whenever it is.
CREATE TABLE preference (
    mailbox     TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- in lower case
    digest      TEXT COLLATE "C" NOT NULL,             -- times of day in Japan, 08:00,17:00; empty: at once
    quiet_from  TEXT COLLATE "C" NOT NULL,             -- time of day; empty: never quiet
    quiet_until TEXT COLLATE "C" NOT NULL,
    updated     BIGINT NOT NULL
);

ALTER TABLE outbox ADD COLUMN held_until BIGINT;  -- its recipient does not want it before
ALTER TABLE outbox ADD COLUMN digest     BIGINT;  -- 1: goes into a digest, never by itself
ALTER TABLE outbox ADD COLUMN attached   TEXT COLLATE "C";     -- an iCalendar object that goes with it
CREATE INDEX outbox_digest ON outbox (held_until, recipient) WHERE state = 'pending' AND digest = 1;
CREATE INDEX outbox_failed ON outbox (updated) WHERE state = 'failed';
CREATE INDEX letter_failed ON letter (updated) WHERE state = 'failed';

-- What was last told of a conference: one row for each entry of people's calendars.
CREATE TABLE invitation (
    uid      TEXT COLLATE "C" NOT NULL PRIMARY KEY,    -- the same for all versions of its sheet
    document TEXT COLLATE "C" NOT NULL REFERENCES document (id), -- version that it stands on now
    room     TEXT COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    told     TEXT COLLATE "C" NOT NULL,                -- JSON: when, where, how certain
    updated  BIGINT NOT NULL
);
CREATE UNIQUE INDEX invitation_document ON invitation (document);

-- Browsers that are told by a push service (RFC 8030). Who has these can send messages to the person, and read nothing.
CREATE TABLE subscription (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,    -- uuid v5 of the endpoint
    account  TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    endpoint TEXT COLLATE "C" NOT NULL,
    p256dh   TEXT COLLATE "C" NOT NULL,                -- the browser's public key, base64url
    auth     TEXT COLLATE "C" NOT NULL,                -- the browser's authentication secret, base64url
    label    TEXT COLLATE "C" NOT NULL,
    created  BIGINT NOT NULL
);
CREATE INDEX subscription_account ON subscription (account);

-- What programs sign in with.
CREATE TABLE token (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,     -- uuid
    hash    TEXT COLLATE "C" NOT NULL UNIQUE,          -- SHA-256 of what its holder has
    account TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    label   TEXT COLLATE "C" NOT NULL,
    scopes  TEXT COLLATE "C" NOT NULL,                 -- of account::Scope, with commas
    created BIGINT NOT NULL,
    until   BIGINT NOT NULL,
    used    BIGINT
);
CREATE INDEX token_account ON token (account);
