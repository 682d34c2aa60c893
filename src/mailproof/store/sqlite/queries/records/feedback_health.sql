-- feedback_health: of each provider, since minute :since; mails of before minute :overdue apart,
-- and how late events since minute :lately came.
SELECT provider, max(webhook), sum(sent), sum(CASE WHEN minute < :overdue THEN sent ELSE 0 END),
       sum(confirmed), sum(unverified), sum(events), sum(refused), max(last_event_at),
       max(last_refused_at), sum(CASE WHEN minute >= :lately THEN events ELSE 0 END),
       sum(CASE WHEN minute >= :lately THEN lag_ms ELSE 0 END)
FROM feedback
WHERE minute >= :since
GROUP BY provider
ORDER BY provider;
