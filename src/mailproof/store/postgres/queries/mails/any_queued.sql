-- any_queued: may there be something to claim?
SELECT EXISTS (SELECT 1 FROM emails WHERE state = 'queued');
