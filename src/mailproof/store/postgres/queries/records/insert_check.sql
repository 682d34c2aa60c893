-- What a health check found.
INSERT INTO checks (at, provider, verdict, reason, took_ms, failure, facts)
VALUES (:at, :provider, :verdict, :reason, :took_ms, :failure, :facts)
