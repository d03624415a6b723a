-- Whether the person signed in in the app itself for these tokens, rather than let a program in in a browser.
ALTER TABLE authorization_code ADD COLUMN native INTEGER NOT NULL DEFAULT 0;
ALTER TABLE token_family ADD COLUMN native INTEGER NOT NULL DEFAULT 0;
