-- count_failing_mails: how many different mails :provider did not take since :since, for reasons
-- that close it after some.
SELECT count(DISTINCT email_id)
FROM attempts
WHERE provider = :provider AND ended_at >= :since AND outcome <> 'accepted'
  AND reason IN ('provider_unavailable', 'blocked_by_intermediary', 'dns_failure',
                 'connection_failed', 'timed_out', 'connection_lost');
