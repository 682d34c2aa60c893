-- last_failure: what mail :email_id failed with last.
SELECT failure FROM attempts
WHERE email_id = :email_id AND failure IS NOT NULL
ORDER BY lease_no DESC
LIMIT 1;
