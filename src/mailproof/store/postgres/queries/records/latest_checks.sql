-- The last check of each provider. Providers are few: one look along checks_of for each.
WITH RECURSIVE names (provider) AS (
    SELECT min(provider) FROM checks
    UNION ALL
    SELECT (SELECT min(c.provider) FROM checks c WHERE c.provider > names.provider)
    FROM names
    WHERE names.provider IS NOT NULL
)
SELECT at, provider, verdict, reason, took_ms, failure::text, facts::text
FROM checks
WHERE id IN (
    SELECT (SELECT c.id FROM checks c WHERE c.provider = names.provider
            ORDER BY c.at DESC, c.id DESC LIMIT 1)
    FROM names
)
ORDER BY provider
