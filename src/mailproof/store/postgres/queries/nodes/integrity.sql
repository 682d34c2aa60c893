-- Whether the server keeps what it was given: it checks its pages itself, but not if told not to.
SELECT CASE WHEN setting = 'off' THEN name || ' is off: a crash can lose accepted mail'
            ELSE 'ok' END
FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes')
ORDER BY name
