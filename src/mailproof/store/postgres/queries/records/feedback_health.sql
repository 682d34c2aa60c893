-- feedback_health: of each provider, since minute :since; mails of before minute :overdue apart.
SELECT provider, bool_or(webhook), sum(sent)::bigint,
       sum(CASE WHEN minute < :overdue::bigint THEN sent ELSE 0 END)::bigint,
       sum(confirmed)::bigint, sum(unverified)::bigint, sum(events)::bigint, sum(refused)::bigint,
       max(last_event_at), max(last_refused_at)
FROM feedback
WHERE minute >= :since::bigint
GROUP BY provider
ORDER BY provider;
