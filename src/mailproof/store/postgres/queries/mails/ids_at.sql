-- The ids of the mails at some places in the order of arrival, newest first.
SELECT seq, id::text FROM emails WHERE seq = ANY (:seqs::bigint[]) ORDER BY seq DESC
