-- route: that of :provider and :sender ('*': all of the provider).
SELECT provider, sender, state, systemic, reason, severity, failure::text, since, met, refused, last_refused,
       probes, next_probe_at
FROM routes
WHERE provider = :provider AND sender = :sender;
