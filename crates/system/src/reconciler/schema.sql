-- One report per Korean day.
CREATE TABLE report (
    day          TEXT   PRIMARY KEY,
    -- Who is making it, and until when; afterwards another replica may take it over.
    owner        TEXT   NOT NULL,
    locked_until BIGINT NOT NULL,
    started_at   BIGINT NOT NULL,
    -- NULL until it was made once.
    finished_at  BIGINT,
    runs         BIGINT NOT NULL DEFAULT 0,
    -- 1: something in it may still change by itself or by repair; it is made again every night.
    is_open      BIGINT NOT NULL DEFAULT 1 CHECK (is_open IN (0, 1)),
    summary      TEXT
);

-- What differs between our books and the PSP's, or between two of ours.
CREATE TABLE difference (
    day        TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    -- What it is about: an order, a seller, a settlement line.
    subject    TEXT   NOT NULL,
    class      TEXT   NOT NULL CHECK (class IN ('REPAIRABLE', 'MANUAL', 'UNKNOWN')),
    detail     TEXT   NOT NULL,
    repair     TEXT   NOT NULL CHECK (repair IN ('NONE', 'PENDING', 'REPAIRED', 'GONE')),
    first_seen BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL,
    PRIMARY KEY (day, kind, subject)
);
