-- states_at: how many of the mails at :seqs are in each state.
SELECT state, count(*) FROM emails
WHERE seq = ANY (:seqs::bigint[])
GROUP BY state;
