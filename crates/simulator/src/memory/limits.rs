//! Rate limits of instances, over a sliding window of a minute.
//!
//! Source: Wix's "Rate limits" names the number; what the refusal looks like is not documented.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// Beyond this the idle are forgotten, then all.
const MAX_KEYS: usize = 1000;

/// When each one called within the last minute. Refused calls do not count.
#[derive(Default)]
pub(crate) struct Limits(HashMap<String, VecDeque<Timestamp>>);

impl Limits {
    /// Counts a call, or returns the seconds until the next one is allowed. 0 is no limit.
    pub(crate) fn admit(&mut self, key: &str, most: usize, now: Timestamp) -> Result<(), i64> {
        if most == 0 {
            return Ok(());
        }
        self.make_room(key, now);
        let calls = self.0.entry(key.to_owned()).or_default();
        drop_old(calls, now);
        // A limit that was lowered since then allows no call until enough calls are old.
        if let Some(first) = calls.len().checked_sub(most).and_then(|it| calls.get(it)) {
            let wait = WINDOW - first.duration_until(now);
            return Err(whole_seconds(wait).max(1));
        }
        calls.push_back(now);
        Ok(())
    }

    fn make_room(&mut self, key: &str, now: Timestamp) {
        if self.0.len() < MAX_KEYS || self.0.contains_key(key) {
            return;
        }
        self.0.retain(|_, calls| {
            drop_old(calls, now);
            !calls.is_empty()
        });
        if self.0.len() >= MAX_KEYS {
            self.0.clear();
        }
    }
}

fn drop_old(calls: &mut VecDeque<Timestamp>, now: Timestamp) {
    while calls
        .front()
        .is_some_and(|first| first.duration_until(now) >= WINDOW)
    {
        calls.pop_front();
    }
}

/// Rounded up, so that a client that waits this long succeeds.
const fn whole_seconds(duration: SignedDuration) -> i64 {
    duration.as_secs() + (duration.subsec_nanos() > 0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_795_341_600_000 + milliseconds).unwrap()
    }

    #[test]
    fn the_window_slides() {
        let mut limits = Limits::default();
        for milliseconds in [0, 500, 30_000] {
            assert_eq!(limits.admit("a", 3, at(milliseconds)), Ok(()));
        }
        assert_eq!(limits.admit("a", 3, at(30_001)), Err(30));
        assert_eq!(limits.admit("b", 3, at(30_001)), Ok(()), "each its own");
        assert_eq!(limits.admit("a", 3, at(59_999)), Err(1));
        assert_eq!(limits.admit("a", 3, at(60_000)), Ok(()), "one is old");
        assert_eq!(limits.admit("a", 3, at(60_001)), Err(1));
        assert_eq!(limits.admit("a", 0, at(60_001)), Ok(()), "no limit");
        assert_eq!(limits.admit("a", 1, at(60_001)), Err(60), "lowered since");
    }

    #[test]
    fn memory_is_bounded() {
        let mut limits = Limits::default();
        for number in 0..5000 {
            limits.admit(&number.to_string(), 200, at(number)).unwrap();
        }
        assert!(limits.0.len() <= MAX_KEYS);
    }
}
