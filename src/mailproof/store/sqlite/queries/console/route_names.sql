-- route_names: every route.
SELECT provider, sender FROM routes ORDER BY provider, sender;
