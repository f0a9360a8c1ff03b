//! The span of a request, and the part of the log that knows it.
//!
//! Every request runs in a span named `request`, which carries the request's id. A task that is spawned for it takes the
//! span along (`in_current_span`). So a warning of a token renewal, say, has the id of the request that needed the token.
//!
//! The registry of `tracing-subscriber` would make 1,800 to 6,000 instructions of each span, as much as 20 % of an answer.
//! [`RequestSpans`] keeps these spans itself, and hands all other spans and every event to the subscriber below it.

use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use slab::Slab;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Event, Metadata, Span};
use tracing_core::span::Current;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::Format;
use crate::http::request_id::RequestId;

const NAME: &str = "request";
/// The same as in the line of the request.
const FIELD: &str = "request_id";

/// Marks the ids of these spans. Those of the registry are small.
const MARK: u64 = 1 << 63;
/// Spans are spread over so many locks.
const SHARDS: usize = 16;

/// Returns the span of a request. Its level is the highest, so that every log has it.
pub(crate) fn request_span(id: &RequestId) -> Span {
    tracing::error_span!("request", request_id = id.as_str())
}

struct OpenSpan {
    id: RequestId,
    metadata: &'static Metadata<'static>,
    references: usize,
}

static SPANS: [Mutex<Slab<OpenSpan>>; SHARDS] = [const { Mutex::new(Slab::new()) }; SHARDS];
static NEXT_SHARD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SHARD: usize = NEXT_SHARD.fetch_add(1, Ordering::Relaxed) % SHARDS;
    /// The spans that this thread is in, the innermost last.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// The lock and the key of a span's id; `None` if it is not one of these spans.
fn locate(id: u64) -> Option<(&'static Mutex<Slab<OpenSpan>>, usize)> {
    let place = usize::try_from(id.checked_sub(MARK)?).ok()?;
    Some((&SPANS[place % SHARDS], place / SHARDS))
}

/// The id of the request that this thread works for.
fn current_request() -> Option<RequestId> {
    let id = ENTERED.with_borrow(|entered| entered.last().copied())?;
    let (spans, key) = locate(id)?;
    spans.lock().get(key).map(|span| span.id)
}

/// A subscriber that keeps the spans of requests, over one that keeps the others.
pub(super) struct RequestSpans<S>(pub(super) S);

impl<S: Subscriber> Subscriber for RequestSpans<S> {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_request(metadata) {
            return Interest::always();
        }
        self.0.register_callsite(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_request(metadata) || self.0.enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        self.0.max_level_hint()
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        if !is_request(attributes.metadata()) {
            return self.0.new_span(attributes);
        }
        let mut visitor = IdVisitor(None);
        attributes.record(&mut visitor);
        let Some(id) = visitor.0 else {
            return self.0.new_span(attributes);
        };
        let shard = SHARD.with(|shard| *shard);
        let key = SPANS[shard].lock().insert(OpenSpan {
            id,
            metadata: attributes.metadata(),
            references: 1,
        });
        Id::from_u64(MARK + (key * SHARDS + shard) as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        if locate(span.into_u64()).is_none() {
            self.0.record(span, values);
        }
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        if locate(span.into_u64()).is_none() && locate(follows.into_u64()).is_none() {
            self.0.record_follows_from(span, follows);
        }
    }

    fn event(&self, event: &Event<'_>) {
        self.0.event(event);
    }

    fn enter(&self, span: &Id) {
        if locate(span.into_u64()).is_none() {
            return self.0.enter(span);
        }
        ENTERED.with_borrow_mut(|entered| entered.push(span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        if locate(span.into_u64()).is_none() {
            return self.0.exit(span);
        }
        ENTERED.with_borrow_mut(|entered| {
            let place = entered.iter().rposition(|id| *id == span.into_u64());
            if let Some(place) = place {
                entered.remove(place);
            }
        });
    }

    fn clone_span(&self, id: &Id) -> Id {
        let Some((spans, key)) = locate(id.into_u64()) else {
            return self.0.clone_span(id);
        };
        if let Some(span) = spans.lock().get_mut(key) {
            span.references += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let Some((spans, key)) = locate(id.into_u64()) else {
            return self.0.try_close(id);
        };
        let mut spans = spans.lock();
        let Some(span) = spans.get_mut(key) else {
            return false;
        };
        span.references -= 1;
        let is_last = span.references == 0;
        if is_last {
            spans.remove(key);
        }
        is_last
    }

    fn current_span(&self) -> Current {
        let entered = ENTERED.with_borrow(|entered| entered.last().copied());
        let Some(id) = entered else {
            return self.0.current_span();
        };
        let metadata = locate(id).and_then(|(spans, key)| {
            let spans = spans.lock();
            spans.get(key).map(|span| span.metadata)
        });
        metadata.map_or_else(Current::none, |it| Current::new(Id::from_u64(id), it))
    }
}

fn is_request(metadata: &Metadata<'_>) -> bool {
    metadata.name() == NAME && metadata.is_span()
}

struct IdVisitor(Option<RequestId>);

impl Visit for IdVisitor {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == FIELD {
            self.0 = RequestId::from_text(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// A format of events that adds the id of the request.
pub(super) struct WithRequest<F> {
    pub(super) events: F,
    pub(super) format: Format,
}

impl<S, N, F> FormatEvent<S, N> for WithRequest<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(request) = current_request() else {
            return self.events.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.events
            .format_event(context, Writer::new(&mut line), event)?;
        let (line, id) = (line.trim_end_matches('\n'), request.as_str());
        match self.format {
            Format::Json => {
                let object = line.strip_suffix('}').unwrap_or(line);
                writeln!(writer, "{object},\"{FIELD}\":\"{id}\"}}")
            }
            Format::Text => writeln!(writer, "{line} {FIELD}={id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing::Instrument as _;

    use super::super::subscriber::subscriber;
    use super::*;
    use crate::telemetry::log::Sink;

    fn log(format: Format, work: impl FnOnce()) -> String {
        let sink: Arc<Sink> = Sink::memory();
        let level = tracing::level_filters::LevelFilter::WARN;
        tracing::subscriber::with_default(subscriber(&sink, format, level), work);
        sink.contents()
    }

    fn id() -> RequestId {
        RequestId::new(jiff::Timestamp::UNIX_EPOCH, [7; 10])
    }

    #[test]
    fn a_warning_has_the_id_of_its_request() {
        let id = id();
        let json = log(Format::Json, || {
            request_span(&id).in_scope(|| tracing::warn!(number = 1, "inside"));
            tracing::warn!("outside");
        });
        let lines: Vec<serde_json::Value> = json
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines[0]["request_id"], id.as_str());
        assert_eq!(lines[0]["message"], "inside");
        assert_eq!(lines[0]["number"], 1);
        assert_eq!(lines[1].get("request_id"), None);
        let text = log(Format::Text, || {
            request_span(&id).in_scope(|| tracing::warn!("inside"));
        });
        let end = format!(" request_id={}\n", id.as_str());
        assert!(text.ends_with(&end), "{text}");
    }

    #[test]
    fn a_spawned_task_takes_the_id_along_and_spans_end() {
        let id = id();
        let json = log(Format::Json, || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.build().unwrap();
            let request = async {
                let task = async { tracing::warn!("renewed") }.in_current_span();
                let other = async { tokio::task::yield_now().await }.instrument(request_span(&id));
                tokio::join!(other, async {
                    task.await;
                });
            };
            runtime.block_on(request.instrument(request_span(&id)));
            tracing::warn!("after");
        });
        let lines: Vec<&str> = json.lines().collect();
        assert!(lines[0].contains(id.as_str()), "{json}");
        assert!(!lines[1].contains(id.as_str()), "{json}");
        assert!(ENTERED.with_borrow(Vec::is_empty));
    }
}
