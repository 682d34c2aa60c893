-- route_events: what happened to the route of :provider and :sender, and to that of all of the provider,
-- the :most newest, newest first: when, type, and whether it was the provider's.
SELECT at, type, data ->> 'sender' = '*' AND :sender <> '*', id
FROM events INDEXED BY events_of_none
WHERE email_id IS NULL
  AND type IN ('route.closed', 'route.opened', 'route.paused', 'route.resumed')
  AND data ->> 'provider' = :provider AND data ->> 'sender' IN ('*', :sender)
ORDER BY id DESC
LIMIT :most;
