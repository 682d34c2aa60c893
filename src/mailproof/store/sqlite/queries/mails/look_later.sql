-- look_later: when to look again what became of the mails of :rows (id, when, unverified since).
UPDATE emails
SET confirm_at = o.confirm_at, unverified_at = o.unverified_at
FROM (
    SELECT value ->> 0 AS id, value ->> 1 AS confirm_at, value ->> 2 AS unverified_at
    FROM json_each(:rows)
) AS o
WHERE emails.id = o.id AND emails.state = 'sent'
RETURNING emails.id;
