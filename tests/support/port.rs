//! Ports for processes whose address others must know before they start.

use std::{
    net::TcpListener,
    process,
    sync::atomic::{AtomicU16, Ordering},
};

/// Below the range that the kernel takes ports of outgoing connections from: in there, a port
/// whose process is just being restarted could be taken by any connection of the same test.
const FIRST: u16 = 10_240;
const COUNT: u16 = 20_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port on which nobody listens, and which this process has not handed out before. Between this
/// and its use another program may take it: whoever starts something there tries again with
/// another one.
pub(crate) fn free_port() -> u16 {
    // Test binaries that run at the same time begin at different places.
    let start = u16::try_from(process::id() % 400).expect("less than 400") * 50;
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (start.wrapping_add(step) % COUNT);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port from {FIRST} on; what listens on all of them?");
}
