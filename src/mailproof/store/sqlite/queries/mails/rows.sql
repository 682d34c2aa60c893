-- Mails as they are listed, with what their last attempt said. A held one stands where it is for its
-- lane's reason of now, which may be another than when it came there.
SELECT e.seq, e.id, e.app, e.state, e.purpose, e.critical, e.sender, e.subject,
       e.created_at, e.changed_at, e.due_at, e.expires_at, e.provider, e.provider_message_id,
       CASE WHEN e.state = 'held'
            THEN coalesce((SELECT l.reason FROM lanes l WHERE l.id = e.lane_id), e.reason)
            ELSE e.reason END,
       e.unknown_since, e.lane_id,
       coalesce(e.told, (SELECT a.failure FROM attempts a WHERE a.email_id = e.id
                         ORDER BY a.lease_no DESC LIMIT 1))
FROM emails e
WHERE e.seq IN (SELECT value FROM json_each(:seqs))
ORDER BY e.seq DESC
