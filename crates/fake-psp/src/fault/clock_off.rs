//! The times in a body, as a clock tells them that is off.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp, civil::DateTime};

use crate::clock::iso;

/// Shifts every text in a body of JSON that is a time in one of Toss's two forms.
pub(crate) fn clock_off(body: &Bytes, ms: i64) -> Bytes {
    let Ok(text) = std::str::from_utf8(body) else { return body.clone() };
    let by = SignedDuration::from_millis(ms);
    // No escape sequence occurs in a time, so that quotes are enough to find them.
    let parts = text.split('"').map(|part| shifted(part, by).unwrap_or_else(|| part.to_owned()));
    Bytes::from(parts.collect::<Vec<_>>().join("\""))
}

fn shifted(text: &str, by: SignedDuration) -> Option<String> {
    match text.len() {
        // 2026-01-01T10:30:00+09:00
        25 => Some(iso(text.parse::<Timestamp>().ok()?.checked_add(by).ok()?)),
        // 2026-01-01T10:30:00.000000
        26 => {
            let at = text.parse::<DateTime>().ok()?.checked_add(by).ok()?;
            Some(at.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shifted_and_nothing_else() {
        let body = r#"{"at":"2026-01-01T00:03:00+09:00","createdAt":"2026-01-01T00:03:00.120000",
            "soldDate":"2026-01-01","orderName":"a \"quoted\" name of 25 lettrs"}"#;
        let off = clock_off(&Bytes::from(body), -540_000);
        let off = std::str::from_utf8(&off).unwrap();
        let expected = body
            .replace("2026-01-01T00:03:00+09:00", "2025-12-31T23:54:00+09:00")
            .replace("2026-01-01T00:03:00.120000", "2025-12-31T23:54:00.120000");
        assert_eq!(off, expected);
    }
}
