//! How large something is as JSON, without writing it out.

use serde::Serialize;

/// Whether something has at most so many bytes as JSON. What has more is not looked at to its end.
pub fn fits_in(it: &impl Serialize, bytes: usize) -> bool {
    serde_json::to_writer(Room(bytes), it).is_ok()
}

/// Takes so many bytes, and keeps none.
struct Room(usize);

impl std::io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let left = self.0.checked_sub(bytes.len());
        self.0 = left.ok_or(std::io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_json() {
        let it = serde_json::json!({ "a": [1, "é"] });
        let bytes = it.to_string().len();
        assert!(fits_in(&it, bytes) && !fits_in(&it, bytes - 1));
    }
}
