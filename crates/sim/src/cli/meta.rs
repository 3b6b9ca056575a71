//! `sim meta`: one seed in two processes at once, traces compared line by line.

use std::{
    io::{self, BufRead, BufReader, BufWriter},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

use sim::{
    engine::{Keep, TraceConfig},
    plan, run,
};

use super::{
    End, SEED_MAX, load,
    out::{Stream, note, say},
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sim meta storm --seed 7                   the same history in two processes?
  sim meta storm --seed 7 --trace | less    read that history, line by line")]
pub(super) struct Args {
    /// A scenario file, or the name of one (see `sim list`).
    scenario: PathBuf,
    /// Everything random follows from it.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=SEED_MAX))]
    seed: u64,
    /// Write the trace to standard output instead of comparing (what the two processes do).
    #[arg(long)]
    trace: bool,
    /// The least severe log line that is traced.
    #[arg(long, default_value = "trace")]
    level: tracing::Level,
}

impl Args {
    pub(super) fn run(self) -> Result<End, String> {
        let scenario = load(&self.scenario)?;
        if self.trace {
            let plan = plan::generate(&scenario, self.seed);
            let writer = Box::new(BufWriter::with_capacity(1 << 20, Stream));
            let trace = TraceConfig { keep: Keep::Writer(writer), level: self.level };
            let outcome = run::run(&scenario, self.seed, &plan, trace);
            note(outcome.fingerprint);
            return Ok(End::Passed);
        }
        let (mut one, mut two) = (self.child()?, self.child()?);
        let difference = compare(lines(&mut one), lines(&mut two));
        // The first difference tells all; the rest of the traces does not matter.
        let _ = (one.kill(), two.kill());
        let _ = (one.wait(), two.wait());
        match difference.map_err(|e| format!("cannot read a trace: {e}"))? {
            Ok(count) => {
                say(format!(
                    "DETERMINISTIC  {} seed {}: {count} lines are the same in two processes",
                    scenario.name, self.seed
                ))?;
                Ok(End::Passed)
            }
            Err(found) => {
                say(format!(
                    "NOT DETERMINISTIC  {} seed {}: line {} differs\n  one: {}\n  two: {}",
                    scenario.name, self.seed, found.line, found.one, found.two
                ))?;
                Ok(End::NotDeterministic)
            }
        }
    }

    fn child(&self) -> Result<Child, String> {
        let program = std::env::current_exe().map_err(|e| format!("who am I? {e}"))?;
        Command::new(program)
            .arg("meta")
            .arg(&self.scenario)
            .args(["--trace", "--seed", &self.seed.to_string()])
            .args(["--level", &self.level.to_string().to_lowercase()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("cannot start a second process: {e}"))
    }
}

fn lines(child: &mut Child) -> BufReader<ChildStdout> {
    BufReader::with_capacity(1 << 20, child.stdout.take().expect("it is piped"))
}

struct Difference {
    line: u64,
    one: String,
    two: String,
}

/// Counts equal lines, or finds the first that differs. Two empty traces are no proof.
fn compare(mut one: impl BufRead, mut two: impl BufRead) -> io::Result<Result<u64, Difference>> {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for line in 1.. {
        a.clear();
        b.clear();
        one.read_until(b'\n', &mut a)?;
        two.read_until(b'\n', &mut b)?;
        if a != b || (line == 1 && a.is_empty()) {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
            return Ok(Err(Difference { line, one: text(&a), two: text(&b) }));
        }
        if a.is_empty() {
            return Ok(Ok(line - 1));
        }
    }
    unreachable!("a trace ends")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_found() {
        let same = compare(&b"a\nb\n"[..], &b"a\nb\n"[..]).unwrap();
        assert_eq!(same.ok(), Some(2));
        let found = compare(&b"a\nb\n"[..], &b"a\nc\n"[..]).unwrap().err().unwrap();
        assert_eq!((found.line, found.one.as_str(), found.two.as_str()), (2, "b", "c"));
        let shorter = compare(&b"a\n"[..], &b"a\nb\n"[..]).unwrap().err().unwrap();
        assert_eq!(shorter.line, 2);
        assert!(compare(&b""[..], &b""[..]).unwrap().is_err(), "an empty trace proves nothing");
    }
}
