-- sweep_checks: looks from before :before, among the :most oldest.
DELETE FROM checks
WHERE id = ANY (ARRAY(SELECT id FROM checks ORDER BY id LIMIT :most::bigint))
  AND at < :before::bigint;
