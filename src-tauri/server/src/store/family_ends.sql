-- When the sign-in ends in which a program was let in, where its tokens went on with another one.
ALTER TABLE token_family ADD COLUMN until INTEGER;
