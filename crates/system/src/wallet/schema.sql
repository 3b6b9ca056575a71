-- What each seller may be paid, per currency.
CREATE TABLE wallet (
    seller_id TEXT   NOT NULL,
    currency  TEXT   NOT NULL,
    balance   BIGINT NOT NULL,
    PRIMARY KEY (seller_id, currency)
);

-- What made it so: one row per payment order and kind, never changed.
CREATE TABLE wallet_entry (
    payment_order_id TEXT   NOT NULL,
    kind             TEXT   NOT NULL CHECK (kind IN ('CAPTURE')),
    order_id         TEXT   NOT NULL,
    seller_id        TEXT   NOT NULL,
    currency         TEXT   NOT NULL,
    amount           BIGINT NOT NULL CHECK (amount > 0),
    -- When the PSP took the money, and when we wrote it down.
    effective_at     BIGINT NOT NULL,
    booked_at        BIGINT NOT NULL,
    -- A payment order is credited once, however often we hear of it.
    PRIMARY KEY (payment_order_id, kind)
);
CREATE INDEX wallet_entry_seller ON wallet_entry (seller_id, currency, effective_at);
