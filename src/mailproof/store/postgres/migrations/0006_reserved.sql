-- 0006: nothing. The number was passed over, and numbers have no gaps.
SELECT 1;
