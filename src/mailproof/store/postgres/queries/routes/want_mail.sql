-- want_mail: only a live mail can try the closed route of :provider and :sender, and none waits: it
-- stays due, since :due_at, until one comes.
UPDATE routes SET next_probe_at = :due_at::bigint
WHERE provider = :provider AND sender = :sender AND state = 'closed';
