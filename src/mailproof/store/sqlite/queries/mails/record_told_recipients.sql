-- record_told_recipients: what providers told of single ones (id, position, state, reason).
UPDATE recipients
SET state = o.state, reason = o.reason
FROM (
    SELECT value ->> 0 AS email_id, value ->> 1 AS pos, value ->> 2 AS state, value ->> 3 AS reason
    FROM json_each(:rows)
) AS o
WHERE recipients.email_id = o.email_id AND recipients.pos = o.pos;
