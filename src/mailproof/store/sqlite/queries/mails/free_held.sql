-- free_held: the held mails of :rows (id, lane) are sent again under a new key, by whoever can.
UPDATE emails
SET state = 'queued', lane_id = o.lane_id, unknown_since = NULL, epoch = epoch + 1, avoid = NULL,
    reason = NULL, changed_at = :now
FROM (SELECT value ->> 0 AS id, value ->> 1 AS lane_id FROM json_each(:rows)) AS o
WHERE emails.id = o.id AND emails.state = 'held';
