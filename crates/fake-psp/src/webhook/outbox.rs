//! Webhooks that are still to be delivered.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::EventType;
use crate::{
    Transmission,
    data::{Kept, List, Parts},
    table::Table,
};

/// Minutes to wait before each further attempt: eight attempts in 3 days and 19 hours.
pub(crate) const RETRIES_AFTER_MINUTES: [i64; 7] = [1, 4, 16, 64, 256, 1024, 4096];

/// A reordered webhook does not wait longer than this for another to overtake it.
const LONGEST_HOLD: SignedDuration = SignedDuration::from_hours(1);

/// So many that are done with can be sent again by hand.
const KEPT: usize = 1000;

/// One webhook to one URL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(crate) transmission_id: String,
    pub(crate) event: EventType,
    pub(crate) url: String,
    #[serde(with = "crate::data::text")]
    pub(crate) body: Bytes,
    pub(crate) order_id: String,
    pub(crate) status: String,
    pub(crate) forged: bool,
    pub(crate) retried: u32,
    /// The signature is of another body.
    #[serde(default)]
    pub(crate) wrong_signature: bool,
    /// So far ahead is the clock that says when it is sent.
    #[serde(default)]
    pub(crate) clock_off_ms: i64,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    letters: Table<(Timestamp, Letter), u64>,
    queue: BTreeSet<(Timestamp, u64)>,
    held: Table<(), u64>,
    flying: Table<(), u64>,
    /// Acknowledged, or given up.
    done: Table<Letter, u64>,
    next: Kept<u64>,
    log: List<Transmission>,
}

impl Outbox {
    pub(crate) fn post(&mut self, letter: Letter, due: Timestamp) -> u64 {
        let id = *self.next;
        *self.next += 1;
        self.queue.insert((due, id));
        self.letters.insert(id, (due, letter));
        id
    }

    /// Posts a letter that waits until a later one to the same URL has gone.
    pub(crate) fn post_held(&mut self, letter: Letter, now: Timestamp) {
        let id = self.post(letter, now + LONGEST_HOLD);
        self.held.insert(id, ());
    }

    /// When the next letter is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// Takes what is due, oldest first.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<(u64, Letter)> {
        let mut due = Vec::new();
        while let Some((at, id)) = self.queue.first().copied() {
            if at > now {
                break;
            }
            self.queue.pop_first();
            self.held.remove(&id);
            self.flying.insert(id, ());
            let (_, letter) = self.letters.get(&id).expect("a queued letter is kept");
            due.push((id, letter.clone()));
        }
        due
    }

    /// Ends an attempt. A letter that was not acknowledged is due again later, seven times.
    pub(crate) fn settle(
        &mut self,
        id: u64,
        acknowledged: bool,
        outcome: Result<u16, String>,
        now: Timestamp,
    ) {
        if self.flying.remove(&id).is_none() {
            return;
        }
        let (due, letter) = self.letters.get_mut(&id).expect("a flying letter is kept");
        self.log.push(Transmission {
            at: now,
            id: letter.transmission_id.clone(),
            event: letter.event,
            url: letter.url.clone(),
            order_id: letter.order_id.clone(),
            status: letter.status.clone(),
            forged: letter.forged,
            retried: letter.retried,
            outcome,
        });
        let url = letter.url.clone();
        match RETRIES_AFTER_MINUTES.get(letter.retried as usize) {
            Some(minutes) if !acknowledged => {
                letter.retried += 1;
                *due = now + SignedDuration::from_mins(*minutes);
                self.queue.insert((*due, id));
            }
            _ => {
                if let Some((_, letter)) = self.letters.remove(&id) {
                    self.done.insert(id, letter);
                }
                if self.done.len() > KEPT {
                    self.done.pop_first();
                }
            }
        }
        self.release(now, |held_id, held| held_id < id && held.url == url);
    }

    /// Sends a letter again by hand, now. `false` if there is none of this transmission.
    pub(crate) fn resend(&mut self, transmission_id: &str, now: Timestamp) -> bool {
        let is_it = |letter: &Letter| letter.transmission_id == transmission_id;
        let done: Vec<u64> =
            self.done.iter().filter(|(_, letter)| is_it(letter)).map(|(id, _)| *id).collect();
        for id in &done {
            let mut letter = self.done.remove(id).expect("found just now");
            letter.retried += 1;
            self.post(letter, now);
        }
        let waiting: Vec<u64> = self
            .letters
            .iter()
            .filter(|(id, (_, letter))| is_it(letter) && self.queue_has(**id))
            .map(|(id, _)| *id)
            .collect();
        for id in &waiting {
            self.hurry(*id, now);
        }
        !done.is_empty() || self.letters.iter().any(|(_, (_, letter))| is_it(letter))
    }

    /// Waits for its time, rather than being on its way.
    fn queue_has(&self, id: u64) -> bool {
        self.flying.get(&id).is_none()
    }

    fn hurry(&mut self, id: u64, now: Timestamp) {
        self.held.remove(&id);
        let (due, _) = self.letters.get_mut(&id).expect("a waiting letter is kept");
        self.queue.remove(&(*due, id));
        *due = now;
        self.queue.insert((now, id));
    }

    /// Is nothing due or on its way?
    pub(crate) fn is_quiet(&self, now: Timestamp) -> bool {
        self.flying.len() == 0 && self.next_due().is_none_or(|due| due > now)
    }

    /// When the first letter after a moment is due.
    pub(crate) fn next_after(&self, moment: Timestamp) -> Option<Timestamp> {
        self.queue.range((moment, u64::MAX)..).next().map(|(due, _)| *due)
    }

    /// Lets all held letters go.
    pub(crate) fn release_all(&mut self, now: Timestamp) {
        self.release(now, |_, _| true);
    }

    fn release(&mut self, now: Timestamp, which: impl Fn(u64, &Letter) -> bool) {
        let Self { letters, held, .. } = self;
        let held_letter = |id: &u64| &letters.get(id).expect("a held letter is kept").1;
        let free: Vec<u64> =
            held.keys().copied().filter(|id| which(*id, held_letter(id))).collect();
        for id in free {
            self.hurry(id, now);
        }
    }

    /// The process that carried them is gone: what was on its way counts as not acknowledged.
    pub(crate) fn abandon_flights(&mut self, now: Timestamp) {
        let flying: Vec<u64> = self.flying.keys().copied().collect();
        for id in flying {
            self.settle(id, false, Err("the sender was stopped on the way".to_owned()), now);
        }
    }

    /// Another number after every change that the console shows.
    pub(crate) fn revision(&self) -> u64 {
        self.letters.revision() + self.log.revision()
    }

    pub(crate) fn parts(&mut self) -> Parts<'_> {
        let Self { letters, queue: _, held, flying, done, next, log } = self;
        vec![
            ("letter", letters),
            ("letter_held", held),
            ("letter_flying", flying),
            ("letter_done", done),
            ("letter_next", next),
            ("transmission", log),
        ]
    }

    pub(crate) fn rebuild(&mut self) {
        let waiting = self.letters.iter().filter(|(id, _)| self.flying.get(*id).is_none());
        self.queue = waiting.map(|(id, (due, _))| (*due, *id)).collect();
    }

    pub(crate) fn log(&self) -> &[Transmission] {
        &self.log
    }

    /// What is still to be delivered, and when the next attempt is due.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (Timestamp, &Letter)> {
        self.letters.iter().map(|(_, (due, letter))| (*due, letter))
    }
}
