//! `tracing` through the same sink, so that all lines stand in one order.

use std::io;
use std::sync::Arc;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::{Format, Sink};

/// Sends `tracing` events and panics to the sink from now on. Only the first call of a program
/// counts.
pub fn install(sink: &Arc<Sink>, format: Format, level: LevelFilter) {
    let writer = ToSink(Arc::clone(sink));
    let builder = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(writer)
        .with_ansi(false)
        .with_target(false);
    let _ = match format {
        Format::Json => builder.json().flatten_event(true).try_init(),
        Format::Text => builder.try_init(),
    };
    let sink = Arc::clone(sink);
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!(%panic, "panic: the request was answered with 500");
        sink.flush();
    }));
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
