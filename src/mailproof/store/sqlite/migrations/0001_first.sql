-- 0001: all that holds mail. Times are UTC in milliseconds since 1970, ids are UUIDv7 as text.
--
-- No foreign keys: parents and children are written by the same transaction, and a lookup for each
-- row of the hot path would prove nothing that the conformance suite does not.

CREATE TABLE installation (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,               -- in the stamp of each mail and the header that stops loops
    secret BLOB NOT NULL,           -- keys the lookups of addresses and the fingerprints of keys
    created_at INTEGER NOT NULL
) STRICT;

-- Bumped by each transaction that changes what processes keep in memory: routes, keys, settings.
CREATE TABLE versions (
    name TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lanes (
    id INTEGER PRIMARY KEY,
    sender TEXT NOT NULL,           -- the From domain, or the address where a provider verifies those
    pin TEXT NOT NULL DEFAULT '',   -- the provider that its mails are bound to; empty: any
    state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'releasing')),
    provider TEXT,                  -- the first that may carry it now; NULL: none, it is closed
    second TEXT,                    -- the next one, for a mail that the first has just refused
    reason TEXT,
    since INTEGER NOT NULL,
    release_began_at INTEGER,       -- while releasing; a failure begins it anew
    released INTEGER NOT NULL DEFAULT 0,  -- held mails that went since then
    UNIQUE (sender, pin)
) STRICT;
CREATE INDEX lanes_releasing ON lanes (id) WHERE state = 'releasing';

CREATE TABLE emails (
    seq INTEGER PRIMARY KEY,        -- order of arrival
    id TEXT NOT NULL UNIQUE,
    app TEXT NOT NULL,
    key_id TEXT NOT NULL,           -- the API key that brought it; empty: the library
    endpoint TEXT,                  -- with its idempotency key, where it came alone: a batch's key
    idempotency_key TEXT,           -- covers mails that went well
    lane_id INTEGER NOT NULL,
    pin TEXT NOT NULL,              -- the provider it is bound to for good; its lane may bind it for a time
    state TEXT NOT NULL,
    purpose TEXT NOT NULL,
    critical INTEGER NOT NULL CHECK (critical IN (0, 1)),
    due_at INTEGER,                 -- scheduled, deferred: when it goes on
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,    -- when it came into its state
    lease_no INTEGER NOT NULL DEFAULT 0,   -- the fence: one more with each claim
    leased_by TEXT,
    leased_until INTEGER,
    provider TEXT,                  -- who has it, had it, or may have it
    avoid TEXT,                     -- who has just refused it, where another could help
    probe INTEGER NOT NULL DEFAULT 0 CHECK (probe IN (0, 1)),  -- leased to try a closed route
    unknown_since INTEGER,          -- since then `provider` may have it under this epoch's key
    epoch INTEGER NOT NULL DEFAULT 0,      -- in the provider's key: one more with each definite refusal
    tries INTEGER NOT NULL DEFAULT 0,      -- those that count, by their reason
    encoder INTEGER NOT NULL,       -- version of what turned it into bytes
    batch_id TEXT,
    batch_pos INTEGER,
    supersede_key BLOB,             -- same app, purpose and sole recipient: the newest wins
    on_hold TEXT NOT NULL CHECK (on_hold IN ('promise', 'refuse')),
    wait_until INTEGER,             -- so long the caller hears of a hold; NULL: not any more
    reason TEXT,
    provider_message_id TEXT,
    sender TEXT NOT NULL,           -- From as given; erasable, as is the subject
    subject TEXT NOT NULL
) STRICT;
CREATE INDEX emails_queued ON emails (critical DESC, expires_at, seq) WHERE state = 'queued';
CREATE INDEX emails_held ON emails (lane_id, critical DESC, expires_at, seq) WHERE state = 'held';
CREATE INDEX emails_due ON emails (due_at) WHERE state IN ('deferred', 'scheduled');
CREATE INDEX emails_expiring ON emails (expires_at)
    WHERE state IN ('scheduled', 'queued', 'deferred', 'held');
CREATE INDEX emails_sending ON emails (leased_until) WHERE state = 'sending';
CREATE INDEX emails_unconfirmed ON emails (unknown_since) WHERE state = 'unconfirmed';
CREATE INDEX emails_supersede ON emails (supersede_key)
    WHERE supersede_key IS NOT NULL AND state IN ('scheduled', 'queued', 'deferred', 'held');
CREATE INDEX emails_app ON emails (app, seq);
CREATE INDEX emails_of_provider ON emails (provider, provider_message_id)
    WHERE provider_message_id IS NOT NULL;
CREATE INDEX emails_ended ON emails (state, seq)
    WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained', 'suppressed',
                    'canceled', 'superseded');

CREATE TABLE contents (
    email_id TEXT PRIMARY KEY,
    payload BLOB NOT NULL,          -- the mail in Resend's JSON
    created_at INTEGER NOT NULL     -- large ones come before their mail: orphans are swept
) STRICT;
CREATE INDEX contents_created ON contents (created_at);

CREATE TABLE recipients (
    email_id TEXT NOT NULL,
    pos INTEGER NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('to', 'cc', 'bcc')),
    address TEXT NOT NULL,          -- erasable
    lookup BLOB NOT NULL,           -- HMAC(installation secret, address in lower case), 16 bytes
    state TEXT NOT NULL,            -- open, or a state of a mail
    reason TEXT,
    status_hash BLOB,               -- what a status token for this address holds
    PRIMARY KEY (email_id, pos)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipients_status ON recipients (status_hash) WHERE status_hash IS NOT NULL;

CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    email_id TEXT NOT NULL,
    lease_no INTEGER NOT NULL,
    provider TEXT NOT NULL,
    key TEXT NOT NULL,              -- what the provider was given as idempotency key
    batch_id TEXT,
    node TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('accepted', 'refused', 'unknown')),
    reason TEXT,
    provider_message_id TEXT,
    body_hash BLOB,                 -- SHA-256 of the bytes sent under `key`; NULL: the node died
    failure TEXT,                   -- the failure in JSON, redacted; erasable
    UNIQUE (email_id, lease_no)
) STRICT;
CREATE INDEX attempts_failed ON attempts (provider, ended_at) WHERE outcome <> 'accepted';

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again, or a cursor would pass one over
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    email_id TEXT,
    actor TEXT NOT NULL DEFAULT '',
    data TEXT NOT NULL              -- JSON without addresses
) STRICT;
CREATE INDEX events_email ON events (email_id) WHERE email_id IS NOT NULL;

CREATE TABLE cursors (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    moved_at INTEGER NOT NULL,
    error TEXT,
    failing_since INTEGER
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_are_final BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER events_go_sealed BEFORE DELETE ON events
WHEN old.id > coalesce((SELECT position FROM cursors WHERE name = 'seal'), 0)
BEGIN
    SELECT RAISE(ABORT, 'events above the sealed cursor stay');
END;

CREATE TABLE idempotency (
    app TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    key TEXT NOT NULL,
    payload_hash BLOB NOT NULL,
    email_ids TEXT NOT NULL,        -- JSON
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (app, endpoint, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expiring ON idempotency (expires_at);

CREATE TABLE refusals (
    minute INTEGER NOT NULL,        -- since 1970
    kind TEXT NOT NULL,             -- placeholder, once_valid, unknown_key, no_key or other
    app TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,             -- the error that was answered
    status INTEGER NOT NULL,
    count INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    client TEXT NOT NULL,           -- of the last one, as are the rest
    recipient TEXT NOT NULL,        -- masked
    purpose TEXT NOT NULL,
    message TEXT NOT NULL,          -- redacted
    PRIMARY KEY (minute, kind, app, key_fingerprint, path, name)
) STRICT, WITHOUT ROWID;

-- Verified provider events whose mail is not known yet.
CREATE TABLE inbox_events (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    event_id TEXT NOT NULL,
    provider_message_id TEXT,
    email_id TEXT,                  -- from the stamp
    received_at INTEGER NOT NULL,
    payload TEXT NOT NULL,          -- redacted; erasable
    UNIQUE (provider, event_id)
) STRICT;
CREATE INDEX inbox_events_of ON inbox_events (provider, provider_message_id);

CREATE TABLE subjects (
    id INTEGER PRIMARY KEY,
    lookup BLOB NOT NULL UNIQUE,
    key BLOB
) STRICT;

-- One row for each fact that speaks against an address.
CREATE TABLE suppressions (
    id INTEGER PRIMARY KEY,
    lookup BLOB NOT NULL,
    address TEXT NOT NULL,          -- erasable
    cause TEXT NOT NULL CHECK (cause IN ('hard_bounce', 'complaint', 'manual')),
    email_id TEXT,
    actor TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX suppressions_lookup ON suppressions (lookup, created_at);

CREATE TABLE routes (
    provider TEXT NOT NULL,
    sender TEXT NOT NULL,           -- '*': all of the provider
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    systemic INTEGER NOT NULL DEFAULT 0 CHECK (systemic IN (0, 1)),  -- opens only for an accepted mail
    reason TEXT,
    severity TEXT NOT NULL DEFAULT 'ERROR',
    failure TEXT,                   -- the failure that closed it, in JSON, redacted
    since INTEGER NOT NULL,
    fingerprint TEXT NOT NULL DEFAULT '',  -- of type, base URL and credential
    met INTEGER NOT NULL DEFAULT 0,        -- mails that failed on it since it closed
    refused INTEGER NOT NULL DEFAULT 0,    -- different mails in a row that ended for a reason of theirs
    last_refused TEXT,
    probes INTEGER NOT NULL DEFAULT 0,     -- since it closed
    next_probe_at INTEGER,
    PRIMARY KEY (provider, sender)
) STRICT, WITHOUT ROWID;

-- How fast a provider may be asked, shared by all nodes.
CREATE TABLE limits (
    provider TEXT PRIMARY KEY,
    free_at_us INTEGER NOT NULL,    -- when the next call may go (generic cell rate algorithm), in µs
    slow_until INTEGER NOT NULL DEFAULT 0  -- the provider said: not before
) STRICT, WITHOUT ROWID;

CREATE TABLE checks (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('good', 'bad', 'cannot_tell')),
    reason TEXT,
    took_ms INTEGER NOT NULL,
    failure TEXT,                   -- JSON, redacted
    facts TEXT NOT NULL             -- JSON: permission, domains and their states, quota
) STRICT;
CREATE INDEX checks_of ON checks (provider, at);

CREATE TABLE nodes (
    id TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    engine INTEGER NOT NULL CHECK (engine IN (0, 1)),
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Duties that must run once.
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,             -- the rule: route_closed, application_refused …
    about TEXT NOT NULL,            -- whom: a route, an app, a purpose
    severity TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    resolved_at INTEGER,
    count INTEGER NOT NULL,
    facts TEXT NOT NULL             -- JSON, redacted
) STRICT;
CREATE UNIQUE INDEX alerts_open ON alerts (name, about) WHERE resolved_at IS NULL;

-- What must reach a channel, until it has.
CREATE TABLE alert_messages (
    id INTEGER PRIMARY KEY,
    alert_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('opened', 'resolved', 'test')),
    due_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    delivered_at INTEGER,
    given_up_at INTEGER,
    error TEXT,                     -- redacted
    UNIQUE (alert_id, channel, kind)
) STRICT;
CREATE INDEX alert_messages_due ON alert_messages (due_at)
    WHERE delivered_at IS NULL AND given_up_at IS NULL;

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,            -- first 8 hex digits of SHA-256(key)
    hash BLOB NOT NULL UNIQUE,      -- SHA-256(key): 256 random bits need no slow hash
    name TEXT NOT NULL,             -- the app
    scope TEXT NOT NULL CHECK (scope IN ('send', 'full')),
    purpose TEXT NOT NULL DEFAULT '',
    wait_ms INTEGER,
    on_hold TEXT CHECK (on_hold IN ('promise', 'refuse')),
    origin TEXT NOT NULL DEFAULT '',
    status_secret BLOB NOT NULL,    -- HMAC-SHA256(key, "mailproof/status/v1"): reads statuses, cannot send
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_name ON api_keys (name);
