-- wake_due: up to :most scheduled and deferred mails whose time has come are queued.
UPDATE emails
SET state = 'queued', due_at = NULL, changed_at = :now
FROM (
    SELECT seq AS due_seq FROM emails
    WHERE state IN ('deferred', 'scheduled') AND due_at <= :now
    ORDER BY due_at
    LIMIT :most
) AS due
WHERE emails.seq = due.due_seq
RETURNING id, CASE WHEN lease_no = 0 AND tries = 0 THEN 'scheduled' ELSE 'deferred' END;
