-- totals: every counter.
SELECT name, labels, value
FROM totals;
