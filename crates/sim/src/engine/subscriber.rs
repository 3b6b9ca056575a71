//! `tracing` into the trace: each event becomes a line of the world of this thread, each call site
//! a coverage point.
//!
//! The subscriber itself is shared by all worlds of the process (so a new world does not make
//! `tracing` rebuild its call-site cache) and finds the world through the thread.

use std::{fmt, sync::OnceLock};

use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

use super::world;

/// The subscriber that a world installs for its thread.
pub(crate) fn dispatch() -> Dispatch {
    static SHARED: OnceLock<Dispatch> = OnceLock::new();
    SHARED.get_or_init(|| Dispatch::new(Registry::default().with(IntoTrace))).clone()
}

struct IntoTrace;

/// A span's fields, formatted once.
struct SpanText(String);

/// Source files of this workspace have relative paths, those of dependencies absolute ones.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.file().is_some_and(|file| !file.starts_with('/'))
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for IntoTrace {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        is_ours(metadata) || *metadata.level() <= tracing::Level::WARN
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let mut text = attributes.metadata().name().to_owned();
        let mut failed = Ok(());
        attributes.record(&mut Fields(&mut text, &mut failed));
        if let Some(span) = ctx.span(id) {
            span.extensions_mut().insert(SpanText(text));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        if let Some(span) = ctx.span(id)
            && let Some(SpanText(text)) = span.extensions_mut().get_mut()
        {
            let mut failed = Ok(());
            values.record(&mut Fields(text, &mut failed));
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        world::try_with(|w| {
            let metadata = event.metadata();
            let mut sink = w.trace.borrow_mut();
            if is_ours(metadata) {
                sink.cover(metadata.name());
            }
            if *metadata.level() > sink.level {
                return;
            }
            let write = |out: &mut dyn fmt::Write| {
                write!(out, " {} {}", metadata.level(), metadata.target())?;
                if let Some(scope) = ctx.event_scope(event) {
                    for span in scope.from_root() {
                        if let Some(SpanText(text)) = span.extensions().get() {
                            write!(out, " [{text}]")?;
                        }
                    }
                }
                let mut result = Ok(());
                event.record(&mut Fields(out, &mut result));
                result
            };
            sink.formatted(w.now_ns(), w.current_host(), "log", &write);
        });
    }
}

/// Writes fields as ` name=value`, the message as text.
struct Fields<'a, W: fmt::Write + ?Sized>(&'a mut W, &'a mut fmt::Result);

impl<W: fmt::Write + ?Sized> Fields<'_, W> {
    fn put(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let written = if field.name() == "message" {
            write!(self.0, " {value}")
        } else {
            write!(self.0, " {}={value}", field.name())
        };
        if self.1.is_ok() {
            *self.1 = written;
        }
    }
}

impl<W: fmt::Write + ?Sized> Visit for Fields<'_, W> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, format_args!("{value}"));
    }
}
