-- last_sends: when each provider last took mail of each purpose.
SELECT purpose, provider, at FROM last_sends;
