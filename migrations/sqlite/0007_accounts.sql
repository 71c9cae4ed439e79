-- People who sign in, what they sign in with, and letters to them. Adds only.

CREATE TABLE account (
    id       TEXT    NOT NULL PRIMARY KEY,    -- uuid; also the user handle of its passkeys
    login    TEXT    NOT NULL UNIQUE,         -- mail address in lower case
    name     TEXT    NOT NULL,
    roles    TEXT    NOT NULL,                -- of account::Role, with commas
    mailbox  TEXT    NOT NULL,                -- address that rooms know this person by: the own one, or the office's
    language TEXT    NOT NULL,                -- ja, en
    created  INTEGER NOT NULL,
    disabled INTEGER
) STRICT;
CREATE INDEX account_mailbox ON account (mailbox);
CREATE INDEX member_mail ON member (lower(mail)) WHERE ended IS NULL;

CREATE TABLE credential (
    id      TEXT    NOT NULL PRIMARY KEY,     -- a passkey's credential id in base64url; a uuid for the others
    account TEXT    NOT NULL REFERENCES account (id),
    kind    TEXT    NOT NULL CHECK (kind IN ('passkey', 'password', 'totp')),
    label   TEXT    NOT NULL,
    data    TEXT    NOT NULL,                 -- JSON of the passkey's public key; argon2id in PHC form; TOTP secret in base32
    created INTEGER NOT NULL,
    used    INTEGER,
    step    INTEGER                           -- TOTP: the last time step that was used; none is used twice
) STRICT;
CREATE INDEX credential_account ON credential (account);
CREATE UNIQUE INDEX credential_once ON credential (account, kind) WHERE kind <> 'passkey';

CREATE TABLE session (
    token   TEXT    NOT NULL PRIMARY KEY,     -- SHA-256 of what the browser holds
    account TEXT    NOT NULL REFERENCES account (id),
    way     TEXT    NOT NULL,                 -- passkey, password, demo
    created INTEGER NOT NULL,
    seen    INTEGER NOT NULL,
    until   INTEGER NOT NULL                  -- whatever is done, it ends then
) STRICT;
CREATE INDEX session_account ON session (account);

-- What is good for one use, for a while: the code of the first set-up, invitations, challenges of a ceremony.
CREATE TABLE ticket (
    token   TEXT    NOT NULL PRIMARY KEY,     -- SHA-256 of what its holder has
    purpose TEXT    NOT NULL CHECK (purpose IN ('setup', 'enrol', 'recover', 'challenge')),
    account TEXT    REFERENCES account (id),
    data    TEXT    NOT NULL,                 -- JSON
    created INTEGER NOT NULL,
    until   INTEGER NOT NULL
) STRICT;
CREATE INDEX ticket_account ON ticket (account);

-- Sign-ins that failed, by whom and from where (hashed), to slow down who guesses.
CREATE TABLE attempt (
    who      TEXT    NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last     INTEGER NOT NULL
) STRICT;

-- A lost phone: one administrator asks, another one agrees.
CREATE TABLE recovery (
    id       TEXT    NOT NULL PRIMARY KEY,
    account  TEXT    NOT NULL REFERENCES account (id),
    asked_by TEXT    NOT NULL REFERENCES account (id),
    asked    INTEGER NOT NULL,
    ended_by TEXT    REFERENCES account (id),
    ended    INTEGER,
    agreed   INTEGER                          -- 1: agreed, 0: refused
) STRICT;
CREATE UNIQUE INDEX recovery_open ON recovery (account) WHERE ended IS NULL;

-- Mails that are no posting of a document. At least once, under a Message-ID made from the key; no patient data.
CREATE TABLE letter (
    key         TEXT    NOT NULL PRIMARY KEY,
    recipient   TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    body        TEXT    NOT NULL,             -- emptied once it is sent: it may hold the link of an invitation
    attached    TEXT,                         -- an iCalendar object
    state       TEXT    NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    ready       INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    lease_token TEXT,
    lease_owner TEXT,
    lease_until INTEGER,
    error       TEXT,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL
) STRICT;
CREATE INDEX letter_ready ON letter (ready, key) WHERE state = 'pending';
