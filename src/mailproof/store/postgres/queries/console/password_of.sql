-- password_of: the hash of somebody's password.
SELECT password FROM people WHERE name = :name;
