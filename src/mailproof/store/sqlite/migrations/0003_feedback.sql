-- 0003: what providers say of mails that they have taken.

-- When to look what became of a mail that its provider has; NULL: not any more. `unverified_at`: when
-- it was said that nobody can tell; `told`: the failure that the provider told of later, as stored with
-- attempts; erasable.
ALTER TABLE emails ADD COLUMN confirm_at INTEGER;
ALTER TABLE emails ADD COLUMN unverified_at INTEGER;
ALTER TABLE emails ADD COLUMN told TEXT;
CREATE INDEX emails_confirming ON emails (confirm_at) WHERE confirm_at IS NOT NULL;

-- Every verified event stays for a while, so that one that comes again is known. When it was dealt
-- with; NULL: its mail is not known, or not in a state that an event can move.
ALTER TABLE inbox_events ADD COLUMN settled_at INTEGER;
CREATE INDEX inbox_events_waiting ON inbox_events (email_id) WHERE settled_at IS NULL;
CREATE INDEX inbox_events_nameless ON inbox_events (provider, provider_message_id)
    WHERE settled_at IS NULL AND provider_message_id IS NOT NULL;
CREATE INDEX inbox_events_received ON inbox_events (received_at);

-- How well a provider tells, minute by minute.
CREATE TABLE feedback (
    provider TEXT NOT NULL,
    minute INTEGER NOT NULL,        -- since 1970
    webhook INTEGER NOT NULL DEFAULT 0 CHECK (webhook IN (0, 1)),  -- it is to tell by webhook
    sent INTEGER NOT NULL DEFAULT 0,       -- mails of whose end it shall tell
    confirmed INTEGER NOT NULL DEFAULT 0,  -- mails of whose end it has told
    events INTEGER NOT NULL DEFAULT 0,     -- that came by webhook, with a right signature
    refused INTEGER NOT NULL DEFAULT 0,    -- requests with a wrong signature
    unverified INTEGER NOT NULL DEFAULT 0, -- mails whose end nobody could tell in time
    last_event_at INTEGER,
    last_refused_at INTEGER,
    PRIMARY KEY (provider, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX feedback_minute ON feedback (minute);
