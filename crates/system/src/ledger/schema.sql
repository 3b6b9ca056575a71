-- The chart of accounts grows with the sellers; `kind` says on which side an account grows.
CREATE TABLE account (
    code     TEXT NOT NULL,
    currency TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('ASSET', 'LIABILITY')),
    PRIMARY KEY (code, currency)
);

-- A journal entry is written *after* its postings: writing it seals them (see the triggers).
CREATE TABLE journal_entry (
    id               TEXT   PRIMARY KEY,
    payment_order_id TEXT   NOT NULL,
    kind             TEXT   NOT NULL CHECK (kind IN ('CAPTURE')),
    order_id         TEXT   NOT NULL,
    currency         TEXT   NOT NULL,
    -- When the PSP took the money, and when we wrote it down.
    effective_at     BIGINT NOT NULL,
    booked_at        BIGINT NOT NULL,
    -- A payment order is booked once, however often we hear of it.
    UNIQUE (payment_order_id, kind)
);

-- Debits are positive, credits negative; the postings of an entry sum to zero.
CREATE TABLE posting (
    entry_id     TEXT   NOT NULL,
    line         BIGINT NOT NULL,
    account      TEXT   NOT NULL,
    currency     TEXT   NOT NULL,
    amount       BIGINT NOT NULL CHECK (amount <> 0),
    effective_at BIGINT NOT NULL,
    PRIMARY KEY (entry_id, line),
    FOREIGN KEY (account, currency) REFERENCES account (code, currency),
    -- Checked at commit: postings without their entry cannot stay.
    FOREIGN KEY (entry_id) REFERENCES journal_entry (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX posting_account ON posting (account, currency, effective_at);

-- only sqlite
CREATE TRIGGER journal_entry_balances BEFORE INSERT ON journal_entry
WHEN (SELECT COUNT(*) FROM posting WHERE entry_id = NEW.id AND currency = NEW.currency) < 2
  OR (SELECT COUNT(*) FROM posting WHERE entry_id = NEW.id AND currency <> NEW.currency) > 0
  OR (SELECT SUM(amount) FROM posting WHERE entry_id = NEW.id) <> 0
BEGIN SELECT RAISE(ABORT, 'a journal entry needs two postings that sum to zero'); END;

CREATE TRIGGER posting_sealed BEFORE INSERT ON posting
WHEN EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.entry_id)
BEGIN SELECT RAISE(ABORT, 'the journal entry is sealed'); END;

-- REPLACE would take the old row away without asking the triggers on DELETE.
CREATE TRIGGER journal_entry_kept_i BEFORE INSERT ON journal_entry
WHEN EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM journal_entry
             WHERE payment_order_id = NEW.payment_order_id AND kind = NEW.kind)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER journal_entry_kept_u BEFORE UPDATE ON journal_entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER journal_entry_kept_d BEFORE DELETE ON journal_entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER posting_kept_u BEFORE UPDATE ON posting
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER posting_kept_d BEFORE DELETE ON posting
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
-- end
-- only postgres
CREATE FUNCTION journal_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT COUNT(*) FROM posting WHERE entry_id = NEW.id AND currency = NEW.currency) < 2
       OR EXISTS (SELECT 1 FROM posting WHERE entry_id = NEW.id AND currency <> NEW.currency)
       OR (SELECT SUM(amount) FROM posting WHERE entry_id = NEW.id) <> 0 THEN
        RAISE EXCEPTION 'a journal entry needs two postings that sum to zero';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER journal_entry_balances BEFORE INSERT ON journal_entry
    FOR EACH ROW EXECUTE FUNCTION journal_entry_balances();

-- Whoever writes postings of an entry excludes others until it has committed: an entry that is
-- sealed in a transaction which we cannot see yet must not get a posting from us.
CREATE FUNCTION posting_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.entry_id, 0));
    IF EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.entry_id) THEN
        RAISE EXCEPTION 'the journal entry is sealed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posting_sealed BEFORE INSERT ON posting
    FOR EACH ROW EXECUTE FUNCTION posting_sealed();

CREATE FUNCTION ledger_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$;
CREATE TRIGGER journal_entry_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_kept();
CREATE TRIGGER posting_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_kept();
-- end
