-- What a buyer pays at once. The order id is ours and is what the PSP calls it, too.
CREATE TABLE payment_event (
    order_id        TEXT   PRIMARY KEY,
    buyer_id        TEXT   NOT NULL,
    order_name      TEXT   NOT NULL,
    currency        TEXT   NOT NULL,
    amount          BIGINT NOT NULL CHECK (amount > 0),
    -- The PSP's payment that is to pay for it: the first that came back from the PSP's window wins.
    -- A buyer with two tabs brings two; the second is for when the first is proven to have failed.
    payment_key     TEXT   UNIQUE,
    is_payment_done BIGINT NOT NULL DEFAULT 0 CHECK (is_payment_done IN (0, 1)),
    -- By the PSP's clock.
    approved_at     BIGINT,
    failure_code    TEXT,
    failure_message TEXT,
    -- When the executor must be asked (again); NULL once it has answered: its feed tells the rest.
    ask_at          BIGINT,
    asks            BIGINT NOT NULL DEFAULT 0,
    created_at      BIGINT NOT NULL
);
CREATE INDEX payment_event_ask ON payment_event (ask_at) WHERE ask_at IS NOT NULL;
-- The day of a payment, for reconciliation.
CREATE INDEX payment_event_day ON payment_event (COALESCE(approved_at, created_at), order_id);

-- The part of it that belongs to one seller.
CREATE TABLE payment_order (
    id             TEXT   PRIMARY KEY,
    order_id       TEXT   NOT NULL REFERENCES payment_event (order_id),
    seller_id      TEXT   NOT NULL,
    amount         BIGINT NOT NULL CHECK (amount > 0),
    status         TEXT   NOT NULL
        CHECK (status IN ('NOT_STARTED', 'EXECUTING', 'UNKNOWN', 'SUCCESS', 'FAILURE')),
    ledger_updated BIGINT NOT NULL DEFAULT 0 CHECK (ledger_updated IN (0, 1)),
    wallet_updated BIGINT NOT NULL DEFAULT 0 CHECK (wallet_updated IN (0, 1)),
    -- Only money that was taken is booked.
    CHECK (status = 'SUCCESS' OR (ledger_updated = 0 AND wallet_updated = 0))
);
CREATE INDEX payment_order_event ON payment_order (order_id);

-- Every change of status, with its cause.
CREATE TABLE payment_order_history (
    order_id    TEXT   NOT NULL,
    from_status TEXT   NOT NULL,
    to_status   TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    -- No status is entered twice: the machine has no way back.
    PRIMARY KEY (order_id, to_status)
);

-- A caller's key and the answer it gets, byte for byte, however often it asks.
CREATE TABLE idempotency_key (
    key          TEXT   PRIMARY KEY,
    fingerprint  TEXT   NOT NULL,
    -- Who works on it, and until when; afterwards another may take it over.
    owner        TEXT   NOT NULL,
    locked_until BIGINT NOT NULL,
    -- NULL while it is being worked on.
    status       BIGINT,
    body         TEXT,
    created_at   BIGINT NOT NULL
);

-- What came in as a webhook: recorded, answered, and only then looked into.
CREATE TABLE webhook (
    id          TEXT   PRIMARY KEY,
    order_id    TEXT,
    body        TEXT   NOT NULL,
    tries       BIGINT NOT NULL DEFAULT 0,
    -- When it shall be looked into; NULL once it has been.
    due_at      BIGINT,
    received_at BIGINT NOT NULL
);
CREATE INDEX webhook_due ON webhook (due_at) WHERE due_at IS NOT NULL;
