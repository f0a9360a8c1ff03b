//! A quick hash for instance ids, in place of the standard library's careful one.
//!
//! The careful one guards against strangers who choose keys that collide. Only ids that Wix signed
//! get into the tables here, and those are random.

use std::hash::{BuildHasherDefault, Hasher};

/// For tables with [`backlot_wix::InstanceId`] as their key, verified ones only.
pub(crate) type InstanceHash = BuildHasherDefault<InstanceHasher>;

#[derive(Default)]
pub(crate) struct InstanceHasher(u64);

impl Hasher for InstanceHasher {
    fn write(&mut self, bytes: &[u8]) {
        for eight in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..eight.len()].copy_from_slice(eight);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        // The upper bits are the mixed ones, and tables look at the lower ones, too.
        self.0 ^ (self.0 >> 32)
    }
}
