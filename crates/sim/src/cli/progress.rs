//! How far a run has come, on a terminal. It reads the trace, so the run knows nothing of it.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};
use sim::{
    engine::{Keep, TraceConfig},
    scenario::Scenario,
    sweep,
};

/// A bar over simulated minutes on standard error, and a trace that moves it. In a pipe there is
/// neither, and the trace is the quickest.
pub(super) fn watch(scenario: &Scenario) -> (ProgressBar, TraceConfig) {
    let template = "{spinner} {msg} {bar:30} simulated day {prefix} ({elapsed})";
    let style = ProgressStyle::with_template(template).expect("a fixed template");
    let bar = ProgressBar::new(scenario.length.minutes).with_style(style);
    if bar.is_hidden() {
        return (bar, sweep::quick());
    }
    bar.set_message(scenario.name.clone());
    let writer = Watcher { bar: bar.clone(), days: scenario.length.minutes as f64 / 1440.0 };
    let trace = TraceConfig { keep: Keep::Writer(Box::new(writer)), ..sweep::quick() };
    (bar, trace)
}

struct Watcher {
    bar: ProgressBar,
    /// The length of the safety phase.
    days: f64,
}

impl Write for Watcher {
    /// Each call brings one line of the trace: ordinal, simulated seconds, host, text.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(minute) = minute(line)
            && minute > self.bar.position()
        {
            self.bar.set_prefix(format!("{:.1} of {:.1}", minute as f64 / 1440.0, self.days));
            self.bar.set_position(minute);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The simulated minute of a line of the trace.
fn minute(line: &[u8]) -> Option<u64> {
    let time = line.split(|byte| *byte == b' ').nth(1)?;
    let seconds = time.split(|byte| *byte == b'.').next()?;
    std::str::from_utf8(seconds).ok()?.parse().ok().map(|seconds: u64| seconds / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_trace_has_its_minute() {
        assert_eq!(minute(b"608 139.068000000 payment-1  checkout opened\n"), Some(2));
        assert_eq!(minute(b"no line\n"), None);
    }
}
