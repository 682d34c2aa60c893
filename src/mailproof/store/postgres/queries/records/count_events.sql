-- count_events: the :most events after :position, counted by what they say: type, the mail's
-- purpose, the provider and reason that the event names, provider, outcome and reason of the
-- attempt that it came of; how many, the ages of mails that were sent (JSON, in ms), the last id, the
-- minute in which it happened and when it did last.
--
-- An attempt is told by one event, the one that says where its mail went. Who scheduled a mail has
-- made it wait: its age says nothing of us.
WITH page AS MATERIALIZED (
    SELECT id, type, email_id, data, at
    FROM events
    WHERE id > :position
    ORDER BY id
    LIMIT :most
), read AS (
    SELECT p.id, p.type, p.email_id, p.at, p.data ->> 'provider' AS provider, p.data ->> 'reason' AS reason,
           CASE WHEN p.email_id IS NOT NULL THEN
               coalesce(p.data ->> 'purpose', (SELECT purpose FROM emails WHERE id = p.email_id))
           END AS purpose,
           CASE WHEN p.type IN ('email.sent', 'email.sandboxed', 'email.deferred', 'email.queued',
                                'email.held', 'email.failed', 'email.unconfirmed', 'email.canceled',
                                'email.suppressed', 'email.expired')
               THEN (p.data ->> 'attempt')::integer
           END AS attempt,
           CASE WHEN p.type IN ('email.sent', 'email.sandboxed')
               THEN (p.data ->> 'age_ms')::bigint
           END AS age
    FROM page AS p
)
SELECT r.type, coalesce(r.purpose, ''), coalesce(r.provider, ''), coalesce(r.reason, ''),
       coalesce(a.provider, ''), coalesce(a.outcome, ''), coalesce(a.reason, ''), count(*),
       coalesce(json_agg(r.age) FILTER (
           WHERE r.age IS NOT NULL AND (r.age < 60000 OR NOT EXISTS (
               SELECT 1 FROM events AS e
               WHERE e.email_id = r.email_id AND e.type = 'email.scheduled'
           ))
       ), '[]')::text,
       max(r.id), r.at / 60000, max(r.at)
FROM read AS r
LEFT JOIN attempts AS a ON a.email_id = r.email_id AND a.lease_no = r.attempt
GROUP BY 1, 2, 3, 4, 5, 6, 7, r.at / 60000;
