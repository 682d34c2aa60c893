-- feedback_health: of each provider, since minute :since; mails of before minute :overdue apart.
SELECT provider, max(webhook), sum(sent), sum(CASE WHEN minute < :overdue THEN sent ELSE 0 END),
       sum(confirmed), sum(unverified), sum(events), sum(refused), max(last_event_at),
       max(last_refused_at)
FROM feedback
WHERE minute >= :since
GROUP BY provider
ORDER BY provider;
