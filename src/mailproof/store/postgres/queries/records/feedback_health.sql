-- feedback_health: of each provider, since minute :since; mails of before minute :overdue apart,
-- and how late events since minute :lately came.
SELECT provider, bool_or(webhook), sum(sent)::bigint,
       sum(CASE WHEN minute < :overdue::bigint THEN sent ELSE 0 END)::bigint,
       sum(confirmed)::bigint, sum(unverified)::bigint, sum(events)::bigint, sum(refused)::bigint,
       max(last_event_at), max(last_refused_at),
       sum(CASE WHEN minute >= :lately::bigint THEN events ELSE 0 END)::bigint,
       sum(CASE WHEN minute >= :lately::bigint THEN lag_ms ELSE 0 END)::bigint
FROM feedback
WHERE minute >= :since::bigint
GROUP BY provider
ORDER BY provider;
