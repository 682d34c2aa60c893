-- insert_person: somebody who may look at the console; no row when the name is taken.
INSERT INTO people (name, role, password, created_at, changed_at)
VALUES (:name, :role, :password, :now, :now)
ON CONFLICT DO NOTHING;
