-- forget_other_providers: the routes of providers that are not configured any more.
DELETE FROM routes WHERE provider NOT IN (SELECT value FROM json_each(:providers));
