-- Where some mails are, for those who wait for them.
SELECT e.id, e.state, e.reason, e.due_at, e.lane_id,
       coalesce(e.told, (SELECT a.failure FROM attempts a WHERE a.email_id = e.id
                         ORDER BY a.lease_no DESC LIMIT 1))
FROM emails e
WHERE e.id IN (SELECT value FROM json_each(:ids))
