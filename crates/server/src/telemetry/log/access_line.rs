//! The line of one request. Written by hand, since it is on every request's path.

use std::fmt::Write as _;
use std::time::Duration;

use super::timestamp;
use crate::http::plain_text::is_plain;
use crate::telemetry::record::{Completion, RequestRecord, microseconds};

/// One JSON object and a line end.
pub(crate) fn json(
    line: &mut String,
    record: &RequestRecord,
    path: &str,
    client_ip: &str,
    duration: Duration,
) {
    let mut numbers = itoa::Buffer::new();
    line.push_str("{\"time\":\"");
    timestamp::write(line, record.arrived_at);
    line.push('"');
    field(line, "level", record.level());
    field(line, "event", "request");
    field(line, "request_id", record.id.as_str());
    field(line, "client_ip", client_ip);
    field(line, "method", record.method.as_str());
    line.push_str(",\"path\":");
    escaped(line, path);
    field(line, "route_group", record.route_group.as_str());
    number(line, "status", numbers.format(record.status.as_u16()));
    number(line, "duration_us", numbers.format(microseconds(duration)));
    number(line, "reply_bytes", numbers.format(record.response_bytes));
    if let Some((instance_id, role)) = record.caller {
        field(line, "instance_id", instance_id.encode(&mut [0; 36]));
        field(line, "role", role.as_str());
    }
    if let Some(code) = record.code {
        field(line, "code", code.name());
    }
    if let Some(about) = &record.about {
        line.push_str(",\"about\":");
        escaped(line, about);
    }
    if let Some(cause) = &record.cause {
        line.push_str(",\"cause\":");
        escaped(line, cause);
    }
    if record.old_secret {
        field(line, "app_secret", "old");
    }
    if let Some(ending) = unusual(record.ending) {
        field(line, "ending", ending);
    }
    line.push_str("}\n");
}

/// Words for a person, and a line end.
pub(crate) fn text(line: &mut String, record: &RequestRecord, path: &str, duration: Duration) {
    let milliseconds = duration.as_secs_f64() * 1000.0;
    let _ = write!(
        line,
        "{:.3} {} {} ",
        record.arrived_at,
        record.status.as_u16(),
        record.method
    );
    escaped(line, path);
    let _ = write!(line, " {milliseconds:.1} ms");
    if let Some((instance_id, role)) = record.caller {
        let _ = write!(line, " {role} of {instance_id}");
    }
    if let Some(code) = record.code {
        let _ = write!(line, " {}: {}", code.name(), code.description());
    }
    if let Some(about) = &record.about {
        line.push_str(" about: ");
        escaped(line, about);
    }
    if let Some(cause) = &record.cause {
        line.push_str(" cause: ");
        escaped(line, cause);
    }
    if record.old_secret {
        line.push_str(" (signed with an old app secret)");
    }
    if let Some(ending) = unusual(record.ending) {
        let _ = write!(line, " ({})", ending.replace('_', " "));
    }
    let _ = writeln!(line, " {}", record.id.as_str());
}

const fn unusual(ending: Completion) -> Option<&'static str> {
    match ending {
        Completion::Complete => None,
        Completion::Open => Some("client_went_away"),
        Completion::BrokenOff => Some("broken_off"),
    }
}

/// A field whose value needs no escaping.
fn field(line: &mut String, name: &str, value: &str) {
    line.push_str(",\"");
    line.push_str(name);
    line.push_str("\":\"");
    line.push_str(value);
    line.push('"');
}

fn number(line: &mut String, name: &str, digits: &str) {
    line.push_str(",\"");
    line.push_str(name);
    line.push_str("\":");
    line.push_str(digits);
}

/// A JSON string; what a client chose cannot end the line or forge a field.
fn escaped(line: &mut String, value: &str) {
    line.push('"');
    if is_plain(value) {
        line.push_str(value);
    } else {
        for character in value.chars() {
            match character {
                '"' => line.push_str("\\\""),
                '\\' => line.push_str("\\\\"),
                control if control.is_control() => {
                    let _ = write!(line, "\\u{:04x}", control as u32);
                }
                other => line.push(other),
            }
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_forge_a_line() {
        let mut line = String::new();
        escaped(&mut line, "/a\"b\\c\nd\u{7f}é");
        assert_eq!(line, "\"/a\\\"b\\\\c\\u000ad\\u007fé\"");
        let back: String = serde_json::from_str(&line).unwrap();
        assert_eq!(back, "/a\"b\\c\nd\u{7f}é");
    }
}
