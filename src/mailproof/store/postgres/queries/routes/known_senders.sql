-- known_senders: from whom mail has been accepted.
SELECT DISTINCT sender FROM lanes;
