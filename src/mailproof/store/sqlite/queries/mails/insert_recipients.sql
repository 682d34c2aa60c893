-- insert_recipients: everybody who shall get it, in the order to, cc, bcc.
-- many: email_id, pos, role, address, lookup, state, status_hash
INSERT INTO recipients (email_id, pos, role, address, lookup, state, status_hash) VALUES :rows;
