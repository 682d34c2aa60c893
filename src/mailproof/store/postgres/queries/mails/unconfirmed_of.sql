-- unconfirmed_of: up to :most of :purposes that nobody can confirm and that are still of use.
SELECT id::text, lease_no, lane_id, pin, provider, epoch, leased_by, changed_at, begun
FROM emails
WHERE state = 'unconfirmed' AND expires_at > :now::bigint AND purpose = ANY (:purposes::text[])
ORDER BY unknown_since
LIMIT :most::bigint
FOR UPDATE SKIP LOCKED;
