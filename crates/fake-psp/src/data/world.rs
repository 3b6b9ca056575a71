//! Which parts of the world are kept.
//!
//! Every function takes its struct apart completely: a new field does not compile until somebody
//! has said here whether it is kept or found again from what is.

use super::{Parts, Row};
use crate::{api::quota::Quota, world::World};

impl World {
    /// The parts that are kept. A kind, once given, stays: it is in people's files.
    fn parts(&mut self) -> Parts<'_> {
        let Self {
            store,
            records,
            billing_auths,
            auth_keys,
            billing_keys,
            cash_receipts,
            discounts,
            faults,
            idempotency,
            // Of one minute.
            quota: _,
            hooks,
            outbox,
            late,
            agenda,
            calls,
            ahead_ms,
            sellers,
            payouts,
            nonces,
        } = self;
        let mut parts: Parts<'_> = vec![
            ("billing_auth", billing_auths),
            ("auth_key", auth_keys),
            ("billing_key", billing_keys),
            ("discount", discounts),
            ("hooks", hooks),
            ("late_act", late),
            ("call", calls),
            ("ahead_ms", ahead_ms),
            ("seller", sellers),
            ("payout", payouts),
            ("nonce", nonces),
        ];
        parts.extend(store.parts());
        parts.extend(records.parts());
        parts.extend(cash_receipts.parts());
        parts.extend(faults.parts());
        parts.extend(idempotency.parts());
        parts.extend(outbox.parts());
        parts.extend(agenda.parts());
        parts
    }

    /// From now on, what is touched is noted.
    pub(super) fn keep(&mut self) {
        for (_, part) in self.parts() {
            part.keep();
        }
    }

    /// Everything that was touched since the last time.
    pub(super) fn drain(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (kind, part) in self.parts() {
            part.drain(kind, &mut rows);
        }
        rows
    }

    /// Takes the rows of a file, which come by kind and in the order of ids. What is not kept is
    /// found again from what is.
    ///
    /// # Errors
    /// With the kind and the id of a row that cannot be understood.
    pub(super) fn load(
        &mut self,
        rows: impl IntoIterator<Item = (String, String, String)>,
    ) -> Result<(), String> {
        let mut parts = self.parts();
        for (kind, id, json) in rows {
            let Some((_, part)) = parts.iter_mut().find(|(known, _)| *known == kind) else {
                return Err(format!("rows of kind `{kind}` are unknown"));
            };
            part.load(&id, &json).map_err(|error| format!("row `{kind}` {id}: {error}"))?;
        }
        self.rebuild();
        Ok(())
    }

    /// Forgets everything, in the file too, but for where webhooks go.
    pub(crate) fn clear(&mut self) {
        for (kind, part) in self.parts() {
            // Nor the count of letters: one that is on its way may still come back.
            if !matches!(kind, "hooks" | "letter_next") {
                part.clear();
            }
        }
        self.quota = Quota::default();
        self.rebuild();
    }

    /// Makes the indexes anew.
    fn rebuild(&mut self) {
        self.store.rebuild();
        self.records.rebuild();
        self.cash_receipts.rebuild();
        self.idempotency.rebuild();
        self.outbox.rebuild();
        self.agenda.rebuild();
    }
}
