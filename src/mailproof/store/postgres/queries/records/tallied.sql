-- tallied: up to which minute mail is counted by app, purpose and hour.
SELECT minute FROM tallied;
