-- How many mails there are, how many wait, how many of those lack their content, and the events.
SELECT (SELECT count(*) FROM emails),
       (SELECT count(*) FROM emails
        WHERE state IN ('scheduled', 'queued', 'deferred', 'held')),
       (SELECT count(*) FROM emails AS e
        WHERE e.state IN ('scheduled', 'queued', 'deferred', 'held')
          AND NOT EXISTS (SELECT 1 FROM contents AS c WHERE c.email_id = e.id)),
       (SELECT count(*) FROM events)
