-- insert_route: of :provider and :sender, open, unless it is there. A new sender's route has its
-- provider's fingerprint, or the next start would take that for a new key.
INSERT INTO routes (provider, sender, state, since, fingerprint)
VALUES (:provider, :sender, 'open', :now, coalesce(
    (SELECT fingerprint FROM routes WHERE provider = :provider AND sender = '*'), ''))
ON CONFLICT (provider, sender) DO NOTHING;
