-- usually_critical: the purposes of the days from :since_day on, and whether mail of them was critical.
SELECT purpose, max(critical) FROM rhythms WHERE day >= :since_day GROUP BY purpose;
