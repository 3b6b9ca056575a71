-- Every try of a buyer to pay for an order: one payment of the PSP's each, for ever. The event has
-- the key and the outcome of the last one.
CREATE TABLE attempt (
    -- A payment pays for one order only, and is tried once.
    payment_key     TEXT   PRIMARY KEY,
    order_id        TEXT   NOT NULL REFERENCES payment_event (order_id),
    -- From 1, in the order in which they were begun.
    no              BIGINT NOT NULL,
    -- OPEN: the PSP may have taken the money. APPROVED, DECLINED: proven, never changed again.
    state           TEXT   NOT NULL CHECK (state IN ('OPEN', 'APPROVED', 'DECLINED')),
    failure_code    TEXT,
    failure_message TEXT,
    began_at        BIGINT NOT NULL,
    ended_at        BIGINT,
    UNIQUE (order_id, no),
    CHECK ((state = 'OPEN') = (ended_at IS NULL)),
    CHECK ((state = 'DECLINED') = (failure_code IS NOT NULL))
);
-- Nobody pays twice: a next attempt begins only when it is proven that all before it took nothing.
CREATE UNIQUE INDEX attempt_one ON attempt (order_id) WHERE state <> 'DECLINED';

-- What was begun before there were attempts is the first one of its order.
INSERT INTO attempt (payment_key, order_id, no, state, failure_code, failure_message, began_at, ended_at)
    SELECT e.payment_key, e.order_id, 1,
        CASE WHEN e.approved_at IS NOT NULL THEN 'APPROVED'
             WHEN e.failure_code IS NOT NULL THEN 'DECLINED' ELSE 'OPEN' END,
        e.failure_code, e.failure_message,
        COALESCE((SELECT MIN(h.at) FROM payment_order_history h
                  WHERE h.order_id = e.order_id AND h.to_status = 'EXECUTING'), e.created_at),
        CASE WHEN e.approved_at IS NOT NULL OR e.failure_code IS NOT NULL THEN
            COALESCE((SELECT MAX(h.at) FROM payment_order_history h WHERE h.order_id = e.order_id),
                     e.created_at) END
    FROM payment_event e WHERE e.payment_key IS NOT NULL;

-- A status may be entered once in each attempt.
CREATE TABLE payment_order_history_of_attempts (
    order_id    TEXT   NOT NULL,
    -- The attempt of the order that was under way.
    attempt     BIGINT NOT NULL,
    from_status TEXT   NOT NULL,
    to_status   TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    -- Within one attempt the machine has no way back.
    PRIMARY KEY (order_id, attempt, to_status)
);
INSERT INTO payment_order_history_of_attempts
    SELECT order_id, 1, from_status, to_status, reason, at FROM payment_order_history;
DROP TABLE payment_order_history;
ALTER TABLE payment_order_history_of_attempts RENAME TO payment_order_history;
