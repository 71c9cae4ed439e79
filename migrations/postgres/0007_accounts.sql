-- Twin of migrations/sqlite/0007_accounts.sql.

CREATE TABLE account (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,    -- uuid; also the user handle of its passkeys
    login    TEXT COLLATE "C" NOT NULL UNIQUE,         -- mail address in lower case
    name     TEXT COLLATE "C" NOT NULL,
    roles    TEXT COLLATE "C" NOT NULL,                -- of account::Role, with commas
    mailbox  TEXT COLLATE "C" NOT NULL,                -- address that rooms know this person by: the own one, or the office's
    language TEXT COLLATE "C" NOT NULL,                -- ja, en
    created  BIGINT NOT NULL,
    disabled BIGINT
);
CREATE INDEX account_mailbox ON account (mailbox);
CREATE INDEX member_mail ON member (lower(mail)) WHERE ended IS NULL;

CREATE TABLE credential (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,     -- a passkey's credential id in base64url; a uuid for the others
    account TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    kind    TEXT COLLATE "C" NOT NULL CHECK (kind IN ('passkey', 'password', 'totp')),
    label   TEXT COLLATE "C" NOT NULL,
    data    TEXT COLLATE "C" NOT NULL,                 -- JSON of the passkey's public key; argon2id in PHC form; TOTP secret in base32
    created BIGINT NOT NULL,
    used    BIGINT,
    step    BIGINT                           -- TOTP: the last time step that was used; none is used twice
);
CREATE INDEX credential_account ON credential (account);
CREATE UNIQUE INDEX credential_once ON credential (account, kind) WHERE kind <> 'passkey';

CREATE TABLE session (
    token   TEXT COLLATE "C" NOT NULL PRIMARY KEY,     -- SHA-256 of what the browser holds
    account TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    way     TEXT COLLATE "C" NOT NULL,                 -- passkey, password, demo
    created BIGINT NOT NULL,
    seen    BIGINT NOT NULL,
    until   BIGINT NOT NULL                  -- whatever is done, it ends then
);
CREATE INDEX session_account ON session (account);

-- What is good for one use, for a while: the code of the first set-up, invitations, challenges of a ceremony.
CREATE TABLE ticket (
    token   TEXT COLLATE "C" NOT NULL PRIMARY KEY,     -- SHA-256 of what its holder has
    purpose TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('setup', 'enrol', 'recover', 'challenge')),
    account TEXT COLLATE "C" REFERENCES account (id),
    data    TEXT COLLATE "C" NOT NULL,                 -- JSON
    created BIGINT NOT NULL,
    until   BIGINT NOT NULL
);
CREATE INDEX ticket_account ON ticket (account);

-- Sign-ins that failed, by whom and from where (hashed), to slow down who guesses.
CREATE TABLE attempt (
    who      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last     BIGINT NOT NULL
);

-- A lost phone: one administrator asks, another one agrees.
CREATE TABLE recovery (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account  TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    asked_by TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    asked    BIGINT NOT NULL,
    ended_by TEXT COLLATE "C" REFERENCES account (id),
    ended    BIGINT,
    agreed   BIGINT                          -- 1: agreed, 0: refused
);
CREATE UNIQUE INDEX recovery_open ON recovery (account) WHERE ended IS NULL;

-- Mails that are no posting of a document. At least once, under a Message-ID made from the key; no patient data.
CREATE TABLE letter (
    key         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    recipient   TEXT COLLATE "C" NOT NULL,
    subject     TEXT COLLATE "C" NOT NULL,
    body        TEXT COLLATE "C" NOT NULL,             -- emptied once it is sent: it may hold the link of an invitation
    attached    TEXT COLLATE "C",                         -- an iCalendar object
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    ready       BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    lease_token TEXT COLLATE "C",
    lease_owner TEXT COLLATE "C",
    lease_until BIGINT,
    error       TEXT COLLATE "C",
    created     BIGINT NOT NULL,
    updated     BIGINT NOT NULL
);
CREATE INDEX letter_ready ON letter (ready, key) WHERE state = 'pending';
