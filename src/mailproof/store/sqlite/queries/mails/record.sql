-- record: how the mails of :rows go on (id, state, reason, due at, epochs and tries to add, unknown
-- since, avoid, lane, provider's id, when to look what became of it). Their leases were looked at in
-- this transaction.
UPDATE emails
SET state = o.state,
    reason = o.reason,
    due_at = o.due_at,
    epoch = epoch + o.add_epoch,
    tries = tries + o.add_try,
    unknown_since = o.unknown_since,
    avoid = o.avoid,
    lane_id = o.lane_id,
    provider_message_id = coalesce(o.message_id, provider_message_id),
    confirm_at = o.look_at,
    unverified_at = NULL,
    told = NULL,
    probe = FALSE,
    leased_by = NULL,
    leased_until = NULL,
    changed_at = :now
FROM (
    SELECT value ->> 0 AS id, value ->> 1 AS state, value ->> 2 AS reason, value ->> 3 AS due_at,
           value ->> 4 AS add_epoch, value ->> 5 AS add_try, value ->> 6 AS unknown_since,
           value ->> 7 AS avoid, value ->> 8 AS lane_id, value ->> 9 AS message_id,
           value ->> 10 AS look_at
    FROM json_each(:rows)
) AS o
WHERE emails.id = o.id AND emails.state = 'sending';
