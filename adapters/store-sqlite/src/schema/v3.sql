-- What answers used, in JSON. What is looked for has a column.
CREATE TABLE spending (
    number  INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    session TEXT NOT NULL,
    data    TEXT NOT NULL,
    crc     INTEGER NOT NULL
) STRICT;
CREATE INDEX spending_at ON spending (at);
CREATE INDEX spending_session ON spending (session, at);
