-- insert_recipients: everybody who shall get it, in the order to, cc, bcc.
-- many: email_id, pos, role, address, lookup, state, status_hash
INSERT INTO recipients (email_id, pos, role, address, lookup, state, status_hash)
SELECT * FROM unnest(
    :email_id::uuid[], :pos::integer[], :role::text[], :address::text[], :lookup::bytea[],
    :state::text[], :status_hash::bytea[]
);
