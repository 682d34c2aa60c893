-- sweep_checks: looks from before :before, among the :most oldest.
DELETE FROM checks
WHERE id IN (SELECT id FROM checks ORDER BY id LIMIT :most) AND at < :before;
