-- set_password: a new password; no row when there is no such person.
UPDATE people SET password = :password, changed_at = :now WHERE name = :name;
