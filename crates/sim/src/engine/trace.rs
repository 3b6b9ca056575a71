//! The history of a run: one line per packet fate, database call, fault, host event and
//! `tracing` event, each with an ordinal, the simulated time and the host.
//!
//! Every line is mixed into a fingerprint; its text is built only if somebody keeps it. No line
//! contains the wall clock, a process-wide id or an address, so two runs of one seed give the same
//! bytes in any process.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    io,
};

use super::{fingerprint::Fingerprint, world::HostIndex};

/// What to do with the text of the trace.
#[derive(Default)]
pub enum Keep {
    /// Fingerprint only: the fast way.
    #[default]
    Nothing,
    /// The text is in [`TraceSummary::text`] afterwards.
    Memory,
    /// The text goes to this writer (buffer it).
    Writer(Box<dyn io::Write + Send>),
}

/// How much of a run the trace records.
pub struct TraceConfig {
    /// Where the text goes.
    pub keep: Keep,
    /// The least severe `tracing` event that becomes a line. Coverage counts all of them.
    pub level: tracing::Level,
}

impl Default for TraceConfig {
    fn default() -> Self {
        Self { keep: Keep::Nothing, level: tracing::Level::TRACE }
    }
}

/// What is known of a history when it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSummary {
    /// Equal fingerprints mean equal histories.
    pub fingerprint: u128,
    /// Number of lines.
    pub lines: u64,
    /// The text, if [`Keep::Memory`] asked for it.
    pub text: Vec<u8>,
}

/// One value of a line.
#[derive(Clone, Copy)]
pub(crate) enum Field<'a> {
    Number(u64),
    Text(&'a str),
    /// A content, of which the line shows a digest.
    Bytes(&'a [u8]),
}

/// The trace under construction.
pub(crate) struct Sink {
    print: Fingerprint,
    ordinal: u64,
    keep: Keep,
    memory: String,
    pub(crate) level: tracing::Level,
    coverage: BTreeMap<&'static str, u64>,
    hosts: Vec<String>,
    closed: bool,
}

impl Sink {
    pub(crate) fn new(config: TraceConfig) -> Self {
        Self {
            print: Fingerprint::new(),
            ordinal: 0,
            keep: config.keep,
            memory: String::new(),
            level: config.level,
            coverage: BTreeMap::new(),
            hosts: Vec::new(),
            closed: false,
        }
    }

    /// Hosts are named once, in the order of their indexes.
    pub(crate) fn name_host(&mut self, name: &str) {
        self.hosts.push(name.to_owned());
    }

    pub(crate) fn is_kept(&self) -> bool {
        !matches!(self.keep, Keep::Nothing)
    }

    /// Counts a hit of a `tracing` call site.
    pub(crate) fn cover(&mut self, callsite: &'static str) {
        *self.coverage.entry(callsite).or_default() += 1;
    }

    /// From here on nothing is recorded: tearing a world down is no part of its history.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    /// Adds a line made of a kind and fields.
    pub(crate) fn line(
        &mut self,
        at: u64,
        host: Option<HostIndex>,
        kind: &'static str,
        fields: &[(&'static str, Field<'_>)],
    ) {
        if self.closed {
            return;
        }
        self.print.word(at);
        self.print.word(host.map_or(u64::MAX, |host| host.0.into()));
        self.print.bytes(kind.as_bytes());
        for (_, value) in fields {
            match value {
                Field::Number(number) => self.print.word(*number),
                Field::Text(text) => self.print.bytes(text.as_bytes()),
                Field::Bytes(bytes) => self.print.bytes(bytes),
            }
        }
        self.ordinal += 1;
        if self.is_kept() {
            self.write_line(at, host, kind, |out| write_fields(out, fields));
        }
    }

    /// Adds a line whose text `body` writes: once into the fingerprint, once more if it is kept.
    pub(crate) fn formatted(
        &mut self,
        at: u64,
        host: Option<HostIndex>,
        kind: &'static str,
        body: &dyn Fn(&mut dyn fmt::Write) -> fmt::Result,
    ) {
        if self.closed {
            return;
        }
        self.print.word(at);
        self.print.word(host.map_or(u64::MAX, |host| host.0.into()));
        self.print.bytes(kind.as_bytes());
        body(&mut self.print).expect("mixing never fails");
        self.ordinal += 1;
        if self.is_kept() {
            self.write_line(at, host, kind, |out| body(out));
        }
    }

    fn write_line(
        &mut self,
        at: u64,
        host: Option<HostIndex>,
        kind: &str,
        body: impl FnOnce(&mut String) -> fmt::Result,
    ) {
        let name = host.map_or("-", |host| self.hosts[usize::from(host.0)].as_str());
        let (seconds, nanos) = (at / 1_000_000_000, at % 1_000_000_000);
        let mut out = std::mem::take(&mut self.memory);
        write!(out, "{} {seconds}.{nanos:09} {name} {kind}", self.ordinal)
            .and_then(|()| body(&mut out))
            .expect("writing to a string never fails");
        out.push('\n');
        if let Keep::Writer(writer) = &mut self.keep {
            writer.write_all(out.as_bytes()).expect("the trace can be written: is the disk full?");
            out.clear();
        }
        self.memory = out;
    }

    /// Ends the history.
    pub(crate) fn finish(mut self) -> (TraceSummary, BTreeMap<&'static str, u64>) {
        if let Keep::Writer(writer) = &mut self.keep {
            writer.flush().expect("the trace can be written: is the disk full?");
        }
        let summary = TraceSummary {
            fingerprint: self.print.finish(),
            lines: self.ordinal,
            text: self.memory.into_bytes(),
        };
        (summary, self.coverage)
    }
}

fn write_fields(out: &mut String, fields: &[(&'static str, Field<'_>)]) -> fmt::Result {
    for (name, value) in fields {
        match value {
            Field::Number(number) => write!(out, " {name}={number}")?,
            Field::Text(text) => write!(out, " {name}={}", text.escape_default())?,
            Field::Bytes(bytes) => {
                let mut print = Fingerprint::new();
                print.bytes(bytes);
                write!(out, " {name}={}:{:016x}", bytes.len(), print.finish() >> 64)?;
            }
        }
    }
    Ok(())
}
