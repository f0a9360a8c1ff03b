//! Logging: one line a request, and `tracing` for everything else, through one sink to standard
//! error.
//!
//! Fields are named by what they belong to, with units in their names. Nothing here ever sees a
//! body, a header or a query string. Lines gather for up to 50 ms before they are written; a crash
//! may lose those, an orderly end never does.

mod access_line;
mod path;
mod request_span;
mod sink;
mod subscriber;
mod timestamp;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use request_span::request_span;
pub use sink::Sink;
pub use subscriber::install;

use crate::telemetry::record::RequestRecord;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, for machines.
    Json,
    /// Words, for people.
    Text,
}

/// Where request lines go.
#[derive(Clone)]
pub struct RequestLog {
    sink: Arc<Sink>,
    format: Format,
}

impl RequestLog {
    /// Writes to a sink.
    pub const fn new(sink: Arc<Sink>, format: Format) -> Self {
        Self { sink, format }
    }

    pub(crate) fn request(
        &self,
        record: &RequestRecord,
        path: &str,
        client_ip: &str,
        duration: Duration,
    ) {
        let path = path::without_key(path);
        self.sink.append(|line| match self.format {
            Format::Json => access_line::json(line, record, &path, client_ip, duration),
            Format::Text => access_line::text(line, record, &path, duration),
        });
    }
}
