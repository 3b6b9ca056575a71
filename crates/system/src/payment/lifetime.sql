-- An order that nobody paid is not for sale for ever at its old price: it expires, or the shop voids
-- it. Neither touches a payment that was begun before.
ALTER TABLE payment_event ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payment_event ADD COLUMN voided_at BIGINT;
ALTER TABLE payment_event ADD COLUMN void_reason TEXT;
-- What was opened before there was an end has a day, as is the default.
UPDATE payment_event SET expires_at = created_at + 86400000000;
