-- next_probe_at: when the first closed route is due for a probe.
SELECT min(next_probe_at) FROM routes WHERE state = 'closed';
