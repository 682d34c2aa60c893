-- samples: of each of :names its newest sample, and what it stood at in minutes :early and :late;
-- where it was not sampled yet by then, its first sample.
SELECT n.name,
       (SELECT s.value FROM samples AS s WHERE s.name = n.name ORDER BY s.minute DESC LIMIT 1),
       coalesce(
           (SELECT s.value FROM samples AS s WHERE s.name = n.name AND s.minute <= :early::bigint
            ORDER BY s.minute DESC LIMIT 1),
           (SELECT s.value FROM samples AS s WHERE s.name = n.name ORDER BY s.minute LIMIT 1)
       ),
       coalesce(
           (SELECT s.value FROM samples AS s WHERE s.name = n.name AND s.minute <= :late::bigint
            ORDER BY s.minute DESC LIMIT 1),
           (SELECT s.value FROM samples AS s WHERE s.name = n.name ORDER BY s.minute LIMIT 1)
       )
FROM unnest(:names::text[]) AS n (name);
