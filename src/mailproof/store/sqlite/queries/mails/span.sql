-- The first and the last mail in order of arrival. Two subqueries: each is one look at an end.
SELECT (SELECT min(seq) FROM emails), (SELECT max(seq) FROM emails)
