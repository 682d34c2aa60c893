-- The ids of the mails at some places in the order of arrival, newest first.
SELECT seq, id FROM emails WHERE seq IN (SELECT value FROM json_each(:seqs)) ORDER BY seq DESC
