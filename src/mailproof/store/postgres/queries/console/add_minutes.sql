-- add_minutes: what happened, to the minutes in which it did.
-- many: minute, purpose, accepted, sent, waiting, bad, other
INSERT INTO minutes (minute, purpose, accepted, sent, waiting, bad, other)
SELECT added.* FROM unnest(:minute::bigint[], :purpose::text[], :accepted::bigint[], :sent::bigint[],
                           :waiting::bigint[], :bad::bigint[], :other::bigint[]) AS added
ON CONFLICT (minute, purpose) DO UPDATE
SET accepted = minutes.accepted + excluded.accepted,
    sent = minutes.sent + excluded.sent,
    waiting = minutes.waiting + excluded.waiting,
    bad = minutes.bad + excluded.bad,
    other = minutes.other + excluded.other;
