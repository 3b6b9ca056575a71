-- The feed of a service: what happened, in the order in which it became visible.
CREATE TABLE event (
    kind    TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    -- NULL until the sequencer stamps it, after commit: a serial number drawn inside the
    -- transaction can become visible after a higher one, and a reader would skip it for ever.
    seq     BIGINT UNIQUE,
    at      BIGINT NOT NULL,
    data    TEXT   NOT NULL,
    -- One thing happens once: a second attempt to publish it is refused.
    PRIMARY KEY (kind, subject)
);
CREATE INDEX event_unstamped ON event (at, kind, subject) WHERE seq IS NULL;

-- One row, locked by whoever stamps, so that numbers become visible in their order.
CREATE TABLE feed_head (one BIGINT PRIMARY KEY CHECK (one = 1));
INSERT INTO feed_head (one) VALUES (1);

-- How far this service has followed others; moved in the transaction of the effect.
CREATE TABLE feed_cursor (source TEXT PRIMARY KEY, position BIGINT NOT NULL);
