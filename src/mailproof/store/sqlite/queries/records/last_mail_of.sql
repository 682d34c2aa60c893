-- last_mail_of: in which minute the last mail of :app and :purpose came.
SELECT max(last_minute) FROM rhythms WHERE app = :app AND purpose = :purpose;
