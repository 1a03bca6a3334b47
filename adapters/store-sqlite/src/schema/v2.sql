-- Small things by drawer and name; what they look like is their owner's business.
CREATE TABLE entry (
    drawer TEXT NOT NULL,
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    crc    INTEGER NOT NULL,
    PRIMARY KEY (drawer, name)
) STRICT, WITHOUT ROWID;
