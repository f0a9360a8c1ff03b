//! `tracing` through the same sink, so that all lines stand in one order.

use std::io;
use std::sync::Arc;

use tracing::Subscriber;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::request_span::{RequestSpans, WithRequest};
use super::{Format, Sink};

/// Sends `tracing` events and panics to the sink. Only the first call of a program counts.
pub fn install(sink: &Arc<Sink>, format: Format, level: LevelFilter) {
    let _ = tracing::subscriber::set_global_default(subscriber(sink, format, level));
    let sink = Arc::clone(sink);
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!(%panic, "panic: the request was answered with 500");
        sink.flush();
    }));
}

/// Returns what writes events to the sink.
pub(super) fn subscriber(
    sink: &Arc<Sink>,
    format: Format,
    level: LevelFilter,
) -> Box<dyn Subscriber + Send + Sync> {
    let builder = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(ToSink(Arc::clone(sink)))
        .with_ansi(false)
        .with_target(false);
    match format {
        Format::Json => {
            let builder = builder.json().flatten_event(true);
            let builder = builder.map_event_format(|events| WithRequest { events, format });
            Box::new(RequestSpans(builder.finish()))
        }
        Format::Text => {
            let builder = builder.map_event_format(|events| WithRequest { events, format });
            Box::new(RequestSpans(builder.finish()))
        }
    }
}

struct ToSink(Arc<Sink>);

impl<'writer> MakeWriter<'writer> for ToSink {
    type Writer = Line<'writer>;

    fn make_writer(&'writer self) -> Line<'writer> {
        Line(&self.0)
    }
}

struct Line<'sink>(&'sink Sink);

impl io::Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .append(|text| text.push_str(&String::from_utf8_lossy(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
