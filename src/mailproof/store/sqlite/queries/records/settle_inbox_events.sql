-- settle_inbox_events: those with :keys (provider, event) have been dealt with.
UPDATE inbox_events
SET settled_at = :now
FROM (SELECT value ->> 0 AS provider, value ->> 1 AS event_id FROM json_each(:keys)) AS k
WHERE inbox_events.provider = k.provider AND inbox_events.event_id = k.event_id;
