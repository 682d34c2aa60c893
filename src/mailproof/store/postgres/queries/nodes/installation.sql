-- installation: the one that there is.
SELECT id, secret FROM installation;
