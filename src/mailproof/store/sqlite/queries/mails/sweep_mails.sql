-- sweep_mails: up to :most mails that ended before :before, of those that came before place :below.
DELETE FROM emails
WHERE seq IN (
    SELECT seq FROM emails
    WHERE seq < :below AND changed_at < :before
      AND state NOT IN ('scheduled', 'queued', 'deferred', 'held', 'sending', 'unconfirmed')
    ORDER BY seq
    LIMIT :most
)
RETURNING id;
