-- Applications among the favourites and the recent ones. Places count through both tables.
CREATE TABLE favourite_apps (
    org   TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    app   TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (org, app)
) STRICT;

CREATE TABLE app_launches (
    id  INTEGER PRIMARY KEY,
    org TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    app TEXT NOT NULL,
    at  INTEGER NOT NULL
) STRICT;
CREATE INDEX app_launches_by_time ON app_launches (at);
