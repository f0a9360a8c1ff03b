//! Backups taken apart and put together, to make such as no program of ours writes.

use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

const FIRST_LINE: &[u8] = b"Backlot backup of PostgreSQL, format 2\n";

/// A letter and its content.
pub(crate) type Piece = (u8, Vec<u8>);

/// All pieces but the end.
pub(crate) fn take_apart(path: &Path) -> Vec<Piece> {
    let file = std::fs::read(path).unwrap();
    let mut rest = file.strip_prefix(FIRST_LINE).unwrap();
    let mut pieces = Vec::new();
    while let Some((&[letter, a, b, c, d], after)) = rest.split_first_chunk() {
        let (content, after) = after.split_at(u32::from_be_bytes([a, b, c, d]) as usize);
        pieces.push((letter, content.to_vec()));
        rest = after;
    }
    assert!(rest.is_empty());
    assert_eq!(pieces.pop().unwrap().0, b'E');
    pieces
}

/// A file of these pieces, with an end that fits.
fn put_together(path: &Path, pieces: &[Piece]) {
    let mut file = FIRST_LINE.to_vec();
    for piece in pieces {
        add(&mut file, piece);
    }
    let hash = digest(&SHA256, &file).as_ref().to_vec();
    add(&mut file, &(b'E', hash));
    std::fs::write(path, file).unwrap();
}

fn add(file: &mut Vec<u8>, (letter, content): &Piece) {
    file.push(*letter);
    file.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
    file.extend(content);
}

/// The name of a table, where a piece begins one.
pub(crate) fn table((letter, content): &Piece) -> Option<String> {
    let table: serde_json::Value = serde_json::from_slice(content).ok()?;
    (*letter == b'T').then(|| table["name"].as_str().unwrap().to_owned())
}

/// Where the content of this table is.
pub(crate) fn content_of(pieces: &[Piece], name: &str) -> usize {
    let begins = |piece: &Piece| table(piece).is_some_and(|it| it == name);
    let place = pieces.iter().position(begins).unwrap() + 1;
    assert_eq!(pieces[place].0, b'D', "{name} is empty");
    place
}

/// A file beside this one, with something changed.
pub(crate) fn changed(file: &Path, change: impl FnOnce(&mut Vec<Piece>)) -> PathBuf {
    let before = take_apart(file);
    let mut pieces = before.clone();
    change(&mut pieces);
    if pieces != before {
        // Sums would no longer fit; they may be left out.
        pieces.retain(|(letter, _)| *letter != b'S');
    }
    let path = file.with_extension("changed");
    put_together(&path, &pieces);
    path
}
