//! What is remembered of a head while it is read.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Heads of up to this size are kept as they are; of larger ones, the lines that matter.
const MAX_KEPT_BYTES: usize = 16 * 1024;
/// More bytes than an ordinary head has.
const USUAL_BYTES: usize = 2048;
/// The most bytes of the first line, and of another one, that are kept of a larger head.
const MAX_FIRST_LINE_BYTES: usize = 2048;
const MAX_LINE_BYTES: usize = 8 * 1024;
/// The headers that a refusal depends on: which page asks, whom, and from where.
const WANTED: [&[u8]; 8] = [
    b"origin",
    b"host",
    b"access-control-request-method",
    b"access-control-request-headers",
    b"access-control-request-private-network",
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"forwarded",
];

/// A head that cannot be read as one, as far as it came.
#[derive(Debug, Default)]
pub(crate) struct BadHead {
    /// The first line, or its beginning.
    pub(crate) first_line: Vec<u8>,
    /// Those that a refusal depends on, and no credential.
    pub(crate) headers: HeaderMap,
}

/// Reads a head piece by piece.
#[derive(Debug, Default)]
pub(crate) struct HeadReader {
    /// All of it, while that is little.
    kept: Vec<u8>,
    scan: Option<Box<Scan>>,
}

#[derive(Debug, Default)]
struct Scan {
    head: BadHead,
    line: Vec<u8>,
    is_past_first: bool,
    is_complete: bool,
}

impl HeadReader {
    /// More bytes have come.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        if self.scan.is_none() {
            if self.kept.len() + bytes.len() <= MAX_KEPT_BYTES {
                self.kept.extend_from_slice(bytes);
                return;
            }
            self.begin_scan();
        }
        if let Some(scan) = &mut self.scan {
            scan.read(bytes);
        }
    }

    fn begin_scan(&mut self) -> &mut Scan {
        let kept = std::mem::take(&mut self.kept);
        let scan = self.scan.get_or_insert_default();
        scan.read(&kept);
        scan
    }

    /// What has come became a request.
    pub(crate) fn forget(&mut self) {
        self.scan = None;
        self.kept.clear();
        // The room of an ordinary head is kept for the next one.
        self.kept.shrink_to(USUAL_BYTES);
    }

    /// Whether it begins with a method, so that more of it is to be expected.
    pub(crate) fn is_of_http(&mut self) -> bool {
        let scan = self.begin_scan();
        let line = if scan.is_past_first {
            &scan.head.first_line
        } else {
            &scan.line
        };
        let method = line
            .iter()
            .take_while(|byte| byte.is_ascii_uppercase())
            .count();
        method > 0 && line.get(method) == Some(&b' ')
    }

    /// Whether the line that ends a head has come. From now on, lines are checked as they arrive.
    pub(crate) fn is_complete(&mut self) -> bool {
        self.begin_scan().is_complete
    }

    /// What is known of the head.
    pub(crate) fn take(&mut self) -> BadHead {
        let scan = self.begin_scan();
        if !scan.line.is_empty() {
            scan.end_line();
        }
        std::mem::take(&mut scan.head)
    }
}

impl Scan {
    fn read(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_complete {
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let piece;
            (piece, rest) = rest.split_at(end);
            let most = if self.is_past_first {
                MAX_LINE_BYTES
            } else {
                MAX_FIRST_LINE_BYTES
            };
            let (piece, ends) = match piece.strip_suffix(b"\n") {
                Some(piece) => (piece, true),
                None => (piece, false),
            };
            let room = most.saturating_sub(self.line.len()).min(piece.len());
            self.line.extend_from_slice(&piece[..room]);
            if ends {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.is_empty() {
            // Empty lines before a request are passed over (RFC 9112, section 2.2).
            self.is_complete = self.is_past_first;
        } else if self.is_past_first {
            self.header(&line);
            line.clear();
            self.line = line;
        } else {
            self.is_past_first = true;
            self.head.first_line = line;
        }
    }

    fn header(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if !WANTED
            .iter()
            .any(|wanted| name.eq_ignore_ascii_case(wanted))
        {
            return;
        }
        let name = HeaderName::from_bytes(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            let _ = self.head.headers.try_append(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> (bool, String, String) {
        let mut reader = HeadReader::default();
        for piece in pieces {
            reader.read(piece);
        }
        let is_complete = reader.is_complete();
        let head = reader.take();
        let first = String::from_utf8_lossy(&head.first_line).into_owned();
        let headers = head.headers.iter();
        let headers = headers.map(|(name, value)| format!("{name}={}", value.to_str().unwrap()));
        (is_complete, first, headers.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_matters_is_found_however_it_comes() {
        let head = b"\r\nGET /\xff HTTP/1.1\r\nHost: a\r\nauthorization: secret\r\nORIGIN:  https://b.example \r\n\r\nx: y\r\n";
        let expected = (
            true,
            "GET /\u{fffd} HTTP/1.1".to_owned(),
            "host=a origin=https://b.example".to_owned(),
        );
        assert_eq!(read(&[head]), expected);
        let bytes: Vec<&[u8]> = head.chunks(1).collect();
        assert_eq!(read(&bytes), expected);
        let (is_complete, _, headers) = read(&[b"GET / HTTP/1.1\r\norigin: https://b.example"]);
        assert_eq!(
            (is_complete, headers.as_str()),
            (false, "origin=https://b.example")
        );
    }

    #[test]
    fn of_a_large_head_little_is_kept() {
        let long = vec![b'x'; 100_000];
        let (is_complete, first, headers) = read(&[
            b"GET /",
            &long,
            b" HTTP/1.1\r\nx-long: ",
            &long,
            b"\r\nhost: a\r\n",
            b"\r\n",
        ]);
        assert!(is_complete);
        assert_eq!(first.len(), MAX_FIRST_LINE_BYTES);
        assert_eq!(headers, "host=a");
    }
}
