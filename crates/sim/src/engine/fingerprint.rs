//! A stable 128-bit fingerprint of a history: cheap to mix, the same on every machine.
//!
//! It tells two histories apart by accident-proof odds; it is no defence against an adversary.

use std::fmt;

const LEFT: u64 = 0x9E37_79B9_7F4A_7C15;
const RIGHT: u64 = 0xC2B2_AE3D_27D4_EB4F;

/// The running state; see [`Fingerprint::finish`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fingerprint {
    left: u64,
    right: u64,
}

impl Fingerprint {
    pub(crate) fn new() -> Self {
        Self { left: LEFT, right: RIGHT }
    }

    #[inline]
    pub(crate) fn word(&mut self, word: u64) {
        self.left = (self.left ^ word).wrapping_mul(LEFT).rotate_left(29);
        self.right = (self.right.rotate_left(23) ^ word).wrapping_mul(RIGHT);
    }

    /// Mixes the bytes and their length, so that neighbouring texts cannot run into each other.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.word(u64::from_le_bytes(chunk.try_into().expect("a chunk has 8 bytes")));
        }
        let mut last = [0; 8];
        let rest = chunks.remainder();
        last[..rest.len()].copy_from_slice(rest);
        self.word(u64::from_le_bytes(last));
        self.word(bytes.len() as u64);
    }

    pub(crate) fn finish(mut self) -> u128 {
        self.word(0);
        self.word(0);
        (u128::from(self.left) << 64) | u128::from(self.right)
    }
}

/// Formatted text is mixed piece by piece, without being built.
impl fmt::Write for Fingerprint {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.word(u64::from(byte));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[&str]) -> u128 {
        let mut print = Fingerprint::new();
        for part in parts {
            print.bytes(part.as_bytes());
        }
        print.finish()
    }

    #[test]
    fn order_length_and_content_count() {
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab"]), of(&["ab", ""]));
        assert_ne!(of(&["ab\0"]), of(&["ab"]));
    }
}
