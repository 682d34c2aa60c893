-- bump_version: what processes keep in memory of :name is out of date.
INSERT INTO versions (name, number) VALUES (:name, 1)
ON CONFLICT (name) DO UPDATE SET number = versions.number + 1;
