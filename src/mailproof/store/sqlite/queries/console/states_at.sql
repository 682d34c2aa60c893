-- states_at: how many of the mails at :seqs are in each state.
SELECT state, count(*) FROM emails
WHERE seq IN (SELECT value FROM json_each(:seqs))
GROUP BY state;
