-- delete_sessions_of: somebody is signed out everywhere, but for the session :but.
DELETE FROM sessions WHERE person = :person AND hash <> :but;
