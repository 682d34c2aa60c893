-- record_told: what providers told moves the mails of :rows (id, state that each starts from, state,
-- reason, provider, its id of the mail, failure, when to look what became of it).
UPDATE emails
SET state = o.state,
    reason = o.reason,
    told = o.failure,
    provider = coalesce(emails.provider, o.provider),
    provider_message_id = coalesce(emails.provider_message_id, o.message_id),
    confirm_at = o.confirm_at,
    unknown_since = NULL,
    due_at = NULL,
    avoid = NULL,
    changed_at = :now
FROM (
    SELECT value ->> 0 AS id, value ->> 1 AS was, value ->> 2 AS state, value ->> 3 AS reason,
           value ->> 4 AS provider, value ->> 5 AS message_id, nullif(value -> 6, 'null') AS failure,
           value ->> 7 AS confirm_at
    FROM json_each(:rows)
) AS o
WHERE emails.id = o.id AND emails.state = o.was;
