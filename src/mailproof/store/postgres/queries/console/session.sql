-- session: who it is that shows this token; no row when it is over.
SELECT p.name, p.role, s.seen_at
FROM sessions AS s
JOIN people AS p ON p.name = s.person
WHERE s.hash = :hash AND s.created_at > :created_after AND s.seen_at > :seen_after;
