//! Any text as a cursor: refused without a panic, since nobody signed it; and any bytes as the content of one that was
//! signed: read or refused, and what is read cuts a page out of any list.

use backlot_server::fuzzing;

pub(crate) fn run(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(!fuzzing::opens_cursor(text));
    }
    fuzzing::read_signed_cursor(data);
}
