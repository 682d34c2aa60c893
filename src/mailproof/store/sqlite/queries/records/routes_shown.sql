-- routes_shown: of each provider its own route and those of :most senders, closed ones first; of the
-- rest, `other` says whether all are open. Provider, sender, open, and of a closed one since and
-- reason.
SELECT provider, CASE WHEN place <= :most THEN sender ELSE 'other' END AS shown,
       min(state = 'open'), min(CASE state WHEN 'closed' THEN since END),
       max(CASE state WHEN 'closed' THEN coalesce(reason, 'unknown') END)
FROM (
    SELECT provider, sender, state, since, reason,
           row_number() OVER (
               PARTITION BY provider ORDER BY sender <> '*', state <> 'closed', since DESC, sender
           ) - 1 AS place
    FROM (
        SELECT provider, sender, CASE WHEN paused_at IS NULL THEN state ELSE 'closed' END AS state,
               coalesce(paused_at, since) AS since,
               CASE WHEN paused_at IS NULL THEN reason ELSE 'paused' END AS reason
        FROM routes
    ) AS standing
) AS placed
GROUP BY provider, shown;
