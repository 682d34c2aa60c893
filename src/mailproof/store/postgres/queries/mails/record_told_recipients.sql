-- record_told_recipients: what providers told of single ones (id, position, state, reason).
UPDATE recipients
SET state = o.state, reason = o.reason
FROM (
    SELECT (value ->> 0)::uuid AS email_id, (value ->> 1)::integer AS pos, value ->> 2 AS state,
           value ->> 3 AS reason
    FROM jsonb_array_elements(:rows::jsonb)
) AS o
WHERE recipients.email_id = o.email_id AND recipients.pos = o.pos;
