-- 0006: reserved.
SELECT 1;
