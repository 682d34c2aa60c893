-- usually_critical: the purposes of the days from :since_day on, and whether mail of them was critical.
SELECT purpose, bool_or(critical)::integer FROM rhythms WHERE day >= :since_day GROUP BY purpose;
