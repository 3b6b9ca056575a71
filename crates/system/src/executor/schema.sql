-- What the executor has been asked to do at the PSP: one row per (order, verb), for ever.
CREATE TABLE operation (
    order_id       TEXT   NOT NULL,
    kind           TEXT   NOT NULL CHECK (kind IN ('CONFIRM', 'CANCEL')),
    payment_key    TEXT   NOT NULL,
    currency       TEXT   NOT NULL,
    amount         BIGINT NOT NULL CHECK (amount > 0),
    -- PENDING: never sent. SENDING: committed before the call, so the PSP may have acted.
    -- UNKNOWN: a try ended without proof. APPROVED, DECLINED: proven, never changed again.
    state          TEXT   NOT NULL
        CHECK (state IN ('PENDING', 'SENDING', 'UNKNOWN', 'APPROVED', 'DECLINED')),
    -- The idempotency key is derived from the order, the verb and this number.
    key_no         BIGINT NOT NULL DEFAULT 1,
    -- 1: the PSP answered the current key with an error that it will repeat for ever.
    burnt          BIGINT NOT NULL DEFAULT 0 CHECK (burnt IN (0, 1)),
    -- Tries since the operation was accepted or last re-driven; sends in all.
    tries          BIGINT NOT NULL DEFAULT 0,
    sends          BIGINT NOT NULL DEFAULT 0,
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
    PRIMARY KEY (order_id, kind),
    -- One PSP payment pays for one order: a payment key that comes back with another order is
    -- refused here, before the PSP is asked.
    UNIQUE (payment_key, kind)
);
CREATE INDEX operation_due ON operation (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX operation_dead ON operation (order_id) WHERE dead = 1;
