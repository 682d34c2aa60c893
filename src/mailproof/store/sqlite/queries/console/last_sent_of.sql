-- last_sent_of: when each provider last took a mail of each lane's sender, among the :most newest mails.
SELECT e.provider, l.sender, max(e.changed_at)
FROM (
    SELECT provider, lane_id, state, changed_at FROM emails ORDER BY seq DESC LIMIT :most
) AS e
JOIN lanes AS l ON l.id = e.lane_id
WHERE e.state IN ('sent', 'delivered') AND e.provider IS NOT NULL
GROUP BY e.provider, l.sender;
