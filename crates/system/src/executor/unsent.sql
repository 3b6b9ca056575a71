-- Tries in a row that surely did nothing at the PSP; they are no tries of the budget.
ALTER TABLE operation ADD COLUMN unsent BIGINT NOT NULL DEFAULT 0;
