-- An order may be paid by a second payment of the PSP's, if the first was proven to have failed: what
-- is done at the PSP is done to a payment, not to an order.
--
-- What was under way under an idempotency key of the order goes on under one of the payment. That is
-- safe: it is read first, and the PSP takes a payment's money, and gives all of it back, only once.
CREATE TABLE operation_of_payment (
    payment_key    TEXT   NOT NULL,
    kind           TEXT   NOT NULL CHECK (kind IN ('CONFIRM', 'CANCEL')),
    order_id       TEXT   NOT NULL,
    currency       TEXT   NOT NULL,
    amount         BIGINT NOT NULL CHECK (amount > 0),
    -- PENDING: never sent. SENDING: committed before the call, so the PSP may have acted.
    -- UNKNOWN: a try ended without proof. APPROVED, DECLINED: proven, never changed again.
    state          TEXT   NOT NULL
        CHECK (state IN ('PENDING', 'SENDING', 'UNKNOWN', 'APPROVED', 'DECLINED')),
    -- The idempotency key is derived from the payment, the verb and this number.
    key_no         BIGINT NOT NULL DEFAULT 1,
    -- 1: the PSP answered the current key with an error that it will repeat for ever.
    burnt          BIGINT NOT NULL DEFAULT 0 CHECK (burnt IN (0, 1)),
    -- Tries since the operation was accepted or last re-driven; sends in all.
    tries          BIGINT NOT NULL DEFAULT 0,
    sends          BIGINT NOT NULL DEFAULT 0,
    -- Tries in a row that surely did nothing at the PSP; they are no tries of the budget.
    unsent         BIGINT NOT NULL DEFAULT 0,
    -- When a worker shall take it; while one has it, when its lease ends. NULL: nothing to do.
    due_at         BIGINT,
    -- 1: given up; a person or the reconciliation must look.
    dead           BIGINT NOT NULL DEFAULT 0 CHECK (dead IN (0, 1)),
    reason_code    TEXT,
    reason_message TEXT,
    -- When the PSP did it, by the PSP's clock.
    approved_at    BIGINT,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    -- One PSP payment pays for one order: a payment key that comes back with another order is
    -- found here, and refused before the PSP is asked.
    PRIMARY KEY (payment_key, kind)
);
INSERT INTO operation_of_payment
    SELECT payment_key, kind, order_id, currency, amount, state, key_no, burnt, tries, sends, unsent,
        due_at, dead, reason_code, reason_message, approved_at, created_at, updated_at FROM operation;
DROP TABLE operation;
ALTER TABLE operation_of_payment RENAME TO operation;
CREATE INDEX operation_due ON operation (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX operation_dead ON operation (payment_key) WHERE dead = 1;
CREATE INDEX operation_order ON operation (order_id);
-- Whatever we are asked for: an order's money is not taken a second time while the first payment may
-- have taken it.
CREATE UNIQUE INDEX operation_one ON operation (order_id) WHERE kind = 'CONFIRM' AND state <> 'DECLINED';
