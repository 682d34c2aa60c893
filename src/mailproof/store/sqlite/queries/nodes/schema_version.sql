-- The number of the last migration.
SELECT max(version) FROM schema
