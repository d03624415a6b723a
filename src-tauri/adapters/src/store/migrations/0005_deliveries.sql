-- How a profile's credentials get to programs. An older Latchkey would write the keys of every profile to
-- the credentials file, so that it must not open this store.
UPDATE kept SET body = json_set(body, '$.delivery', 'credentials_file')
WHERE json_extract(body, '$.delivery') IS NULL;
