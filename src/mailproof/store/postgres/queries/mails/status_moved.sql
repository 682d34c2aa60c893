-- status_moved: a number for each thing that streams follow, which rises when it changes: the closed
-- lanes, each mail of :ids, and for each address of :macs the newest mail.
SELECT 'lanes', NULL::bytea, count(*) + coalesce(max(since), 0) FROM lanes WHERE state = 'closed'
UNION ALL
SELECT email_id::text, NULL, max(id)
FROM events
WHERE email_id = ANY (:ids::uuid[])
GROUP BY email_id
UNION ALL
SELECT 'address', r.status_hash, max(m.seq)
FROM recipients AS r
JOIN emails AS m ON m.id = r.email_id
WHERE r.status_hash = ANY (:macs::bytea[])
GROUP BY r.status_hash;
