-- status_moved: a number for each thing that streams follow, which rises when it changes: the closed
-- lanes, each mail of :ids, and for each address of :macs the newest mail.
SELECT 'lanes', NULL, count(*) + coalesce(max(since), 0) FROM lanes WHERE state = 'closed'
UNION ALL
SELECT email_id, NULL, max(id)
FROM events
WHERE email_id IN (SELECT value FROM json_each(:ids))
GROUP BY email_id
UNION ALL
SELECT 'address', r.status_hash, max(m.seq)
FROM recipients AS r
CROSS JOIN emails AS m ON m.id = r.email_id
WHERE r.status_hash IN (
    SELECT substr(@macs_bytes, value ->> 0, value ->> 1) FROM json_each(:macs)
)
GROUP BY r.status_hash;
