//! The only way to the terminal. A reader that has seen enough (`sim … | head`) is no error.

use std::{
    fmt::Display,
    io::{self, ErrorKind, Write},
};

/// Prints a line to standard output. Nothing happens if its reader is gone: a command then goes on
/// to the exit code that it owes.
///
/// # Errors
/// If the output cannot be written for another reason, as on a full disk.
pub(super) fn say(text: impl Display) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write to standard output: {e}"))
        }
        _ => Ok(()),
    }
}

/// Prints a line to standard error, if anybody listens.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Standard output for a stream that may be long: ends the process once its reader is gone.
pub(super) struct Stream;

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stdout().write(bytes).inspect_err(stop_if_unread)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush().inspect_err(stop_if_unread)
    }
}

fn stop_if_unread(error: &io::Error) {
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
}
