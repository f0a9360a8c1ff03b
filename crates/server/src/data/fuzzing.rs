//! Access to cursors for the fuzz targets.

use backlot_wix::InstanceId;
use backlot_wix::data::{Page, Value};

use super::continuation::{AnswerCursor, LinkCursor};
use super::cursor::{Cursor, CursorKey};

const INSTANCE: InstanceId = InstanceId::from_bytes([7; 16]);

fn key() -> CursorKey {
    CursorKey::derived_from(b"fuzzed")
}

/// Whether a text is a cursor of any kind.
pub fn opens_cursor(text: &str) -> bool {
    let key = key();
    key.open::<Cursor>(INSTANCE, text).is_ok()
        || key.open::<AnswerCursor>(INSTANCE, text).is_ok()
        || key.open::<LinkCursor>(INSTANCE, text).is_ok()
}

/// Reads bytes as the content of cursors that were signed, and goes on from them.
pub fn read_signed_cursor(content: &[u8]) {
    let key = key();
    let text = key.sign(INSTANCE, content);
    let kinds = [
        key.open::<Cursor>(INSTANCE, &text).is_ok_and(|cursor| {
            drop(cursor.position());
            true
        }),
        key.open::<AnswerCursor>(INSTANCE, &text)
            .is_ok_and(|cursor| {
                let results = (0..9).map(Value::from).collect();
                let page = Page {
                    results,
                    offset: 0,
                    total: None,
                    has_next: false,
                };
                cursor.searched(3).offset == 0 && cursor.cut(page, 3).results.len() <= 3
            }),
        key.open::<LinkCursor>(INSTANCE, &text).is_ok(),
    ];
    // Nothing is a cursor of two kinds.
    assert!(kinds.iter().filter(|is_one| **is_one).count() <= 1);
}
