-- delete_person: somebody who may not look any more.
DELETE FROM people WHERE name = :name;
