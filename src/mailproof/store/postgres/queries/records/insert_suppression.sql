-- A fact against an address, once: not a second time for the same mail, nor by hand.
INSERT INTO suppressions (lookup, address, cause, email_id, actor, note, created_at)
SELECT :lookup::bytea, :address::text, :cause::text, :email_id::uuid, :actor::text, :note::text,
       :now::bigint
WHERE NOT EXISTS (
    SELECT 1 FROM suppressions
    WHERE lookup = :lookup AND cause = :cause
      AND (email_id = :email_id::uuid OR (:cause::text = 'manual' AND email_id IS NULL))
)
