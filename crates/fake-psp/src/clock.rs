//! What the fake is handed from outside: the date and chance. It reads neither by itself.

use jiff::{
    SignedDuration, Timestamp, Zoned,
    civil::{Date, DateTime},
    fmt::{rfc2822, temporal},
    tz::{self, TimeZone},
};
use sha2::{Digest, Sha256};

/// Tells the date. A real clock in the binary, the simulated one in the simulation.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// Randomness by *name*, not by call order: the same name gives the same number, so that taking
/// one payment out of a run does not change the keys of the others.
pub trait Entropy: Send + Sync + 'static {
    /// The number that belongs to `name`.
    fn draw(&self, name: &str) -> u64;
}

/// [`Entropy`] as a pure function of a seed: the first eight bytes of SHA-256(seed, name).
#[derive(Clone, Debug)]
pub struct SeededEntropy {
    seed: u64,
}

impl SeededEntropy {
    /// The same seed gives the same keys for the same orders.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }
}

impl Entropy for SeededEntropy {
    fn draw(&self, name: &str) -> u64 {
        let digest =
            Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(name).finalize();
        let first: [u8; 8] = digest[..8].try_into().expect("SHA-256 has 32 bytes");
        u64::from_be_bytes(first)
    }
}

/// Down to whole seconds.
const SECONDS: temporal::DateTimePrinter = temporal::DateTimePrinter::new().precision(Some(0));

/// Korea has one offset and no daylight saving time.
fn korea() -> TimeZone {
    TimeZone::fixed(tz::offset(9))
}

/// The moment as a clock on a Korean wall shows it.
pub(crate) fn in_korea(at: Timestamp) -> Zoned {
    at.to_zoned(korea())
}

/// So many milliseconds after a moment, within what a timestamp can say.
pub(crate) fn later(at: Timestamp, ms: u64) -> Timestamp {
    let wait = SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX));
    at.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// Likewise, or before it.
pub(crate) fn off(at: Timestamp, ms: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_millis(ms)).unwrap_or(at)
}

/// The Korean day a moment falls on.
pub(crate) fn korean_day(at: Timestamp) -> Date {
    in_korea(at).date()
}

/// A Korean wall-clock time as a moment.
pub(crate) fn from_korea(at: DateTime) -> Option<Timestamp> {
    at.to_zoned(korea()).ok().map(|zoned| zoned.timestamp())
}

/// `2026-01-01T10:30:00+09:00`: the form of every date in Toss's objects.
pub(crate) fn iso(at: Timestamp) -> String {
    let mut text = SECONDS.datetime_to_string(&in_korea(at).datetime());
    text.push_str("+09:00");
    text
}

/// `2026-01-01T10:30:43.000000`: the form of `createdAt` in webhooks (no offset, microseconds).
pub(crate) fn iso_without_offset(at: Timestamp) -> String {
    in_korea(at).strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string()
}

/// The form of the HTTP `date` header.
pub(crate) fn http_date(at: Timestamp) -> String {
    rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .expect("the fake's clock is within the years that HTTP can say")
}

/// Spells a drawn number in letters and digits, for keys.
pub(crate) fn spell(mut number: u64, length: usize) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut word = String::with_capacity(length);
    for _ in 0..length {
        word.push(char::from(ALPHABET[(number % 62) as usize]));
        number /= 62;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_toss_writes_them() {
        let at: Timestamp = "2026-01-01T01:30:43.123Z".parse().unwrap();
        assert_eq!(iso(at), "2026-01-01T10:30:43+09:00");
        assert_eq!(iso_without_offset(at), "2026-01-01T10:30:43.123000");
        assert_eq!(http_date(at), "Thu, 01 Jan 2026 01:30:43 GMT");
    }

    #[test]
    fn the_korean_day_turns_at_three_in_the_afternoon_utc() {
        let before: Timestamp = "2026-01-01T14:59:59Z".parse().unwrap();
        let after: Timestamp = "2026-01-01T15:00:00Z".parse().unwrap();
        assert_eq!(korean_day(before).to_string(), "2026-01-01");
        assert_eq!(korean_day(after).to_string(), "2026-01-02");
    }

    #[test]
    fn entropy_depends_on_the_name_and_the_seed_only() {
        let one = SeededEntropy::new(1);
        assert_eq!(one.draw("a"), SeededEntropy::new(1).draw("a"));
        assert_ne!(one.draw("a"), one.draw("b"));
        assert_ne!(one.draw("a"), SeededEntropy::new(2).draw("a"));
    }
}
