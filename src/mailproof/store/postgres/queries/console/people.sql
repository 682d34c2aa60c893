-- people: everybody, by name.
SELECT name, role, created_at, changed_at FROM people ORDER BY name;
