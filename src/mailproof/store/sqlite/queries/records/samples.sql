-- samples: of each of :names its newest sample, and what it stood at in minutes :early and :late;
-- where it was not sampled yet by then, its first sample.
SELECT n.value,
       (SELECT s.value FROM samples AS s WHERE s.name = n.value ORDER BY s.minute DESC LIMIT 1),
       coalesce(
           (SELECT s.value FROM samples AS s WHERE s.name = n.value AND s.minute <= :early
            ORDER BY s.minute DESC LIMIT 1),
           (SELECT s.value FROM samples AS s WHERE s.name = n.value ORDER BY s.minute LIMIT 1)
       ),
       coalesce(
           (SELECT s.value FROM samples AS s WHERE s.name = n.value AND s.minute <= :late
            ORDER BY s.minute DESC LIMIT 1),
           (SELECT s.value FROM samples AS s WHERE s.name = n.value ORDER BY s.minute LIMIT 1)
       )
FROM json_each(:names) AS n;
