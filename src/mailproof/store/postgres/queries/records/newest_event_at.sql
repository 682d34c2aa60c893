-- newest_event_at: when the last event happened.
SELECT at FROM events ORDER BY id DESC LIMIT 1;
