-- delete_session: somebody has signed out.
DELETE FROM sessions WHERE hash = :hash;
