-- 0010: what the console shows, and routes that a person has closed.

-- Closed by hand for all mail until the same hand opens it; `state` goes on saying how the provider is.
ALTER TABLE routes ADD COLUMN paused_at INTEGER;
ALTER TABLE routes ADD COLUMN paused_by TEXT NOT NULL DEFAULT '';
ALTER TABLE routes ADD COLUMN paused_note TEXT NOT NULL DEFAULT '';

-- What happened to mail, by the minute (since 1970) in which its event was written.
CREATE TABLE minutes (
    minute INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    accepted INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0,    -- came to wait: held, deferred or unconfirmed
    bad INTEGER NOT NULL DEFAULT 0,        -- ended failed, expired, bounced or complained
    other INTEGER NOT NULL DEFAULT 0,      -- ended suppressed, canceled, superseded or sandboxed
    PRIMARY KEY (minute, purpose)
) STRICT, WITHOUT ROWID;

-- How long mail took from acceptance to the provider's yes, by the hour since 1970.
CREATE TABLE paces (
    hour INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    provider TEXT NOT NULL,
    upper_ms INTEGER NOT NULL,      -- at most so long; 0: its app had it wait
    count INTEGER NOT NULL,
    PRIMARY KEY (hour, purpose, provider, upper_ms)
) STRICT, WITHOUT ROWID;

-- When a provider last took mail of a purpose.
CREATE TABLE last_sends (
    purpose TEXT NOT NULL,
    provider TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (purpose, provider)
) STRICT, WITHOUT ROWID;

-- Events that are about no mail are few, and looked for by what happened.
CREATE INDEX events_of_none ON events (type, id) WHERE email_id IS NULL;

-- Mail that ended in a sandbox is counted apart from mail that was sent.
CREATE INDEX emails_sandboxed ON emails (seq) WHERE state = 'sandboxed';
