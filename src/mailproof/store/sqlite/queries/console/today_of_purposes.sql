-- today_of_purposes: how much mail of each purpose was accepted from :day_minute on.
SELECT purpose, sum(accepted) FROM minutes WHERE minute >= :day_minute GROUP BY purpose;
