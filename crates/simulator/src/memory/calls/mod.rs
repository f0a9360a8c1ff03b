//! Recorded calls of Wix's endpoints: the most recent ones, and counts of all.
//!
//! A call is entered when it has arrived and gets its status when it is answered, so one whose
//! client did not wait is seen as well. Calls go through [`redact`] before they are stored.

mod counts;
pub(super) mod redact;
mod take;

use std::collections::VecDeque;
use std::sync::Arc;

use backlot_wix::InstanceId;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::access_token::Subject;
use counts::Counts;
pub(crate) use take::Arrived;

const MAX_CALLS: usize = 500;

/// One call. `status` is null until it is answered.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Recorded {
    at: String,
    method: String,
    path: String,
    query: String,
    status: Option<u16>,
    #[serde(flatten)]
    seen: Seen,
    headers: Map<String, Value>,
    body: String,
}

/// Whom a call turned out to be about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Seen {
    pub(crate) instance_id: Option<InstanceId>,
    pub(crate) subject_type: Option<&'static str>,
}

impl Seen {
    pub(crate) fn new(subject: &Subject) -> Self {
        Self {
            instance_id: Some(subject.instance_id),
            subject_type: Some(subject.role.subject_type()),
        }
    }
}

/// All of them.
#[derive(Default)]
pub(crate) struct Calls {
    counts: Counts,
    kept: VecDeque<(u64, Arc<Recorded>)>,
}

impl Calls {
    /// Records a call. The number is for [`Calls::answered`].
    pub(crate) fn enter(&mut self, call: Recorded) -> u64 {
        let number = self.counts.add(&call.path);
        if self.kept.len() >= MAX_CALLS {
            self.kept.pop_front();
        }
        self.kept.push_back((number, Arc::new(call)));
        number
    }

    /// Records the status of a call, unless its record is already gone.
    pub(crate) fn answered(&mut self, number: u64, status: u16, seen: Seen) {
        let mut newest_first = self.kept.iter_mut().rev();
        if let Some((_, call)) = newest_first.find(|(known, _)| *known == number) {
            let call = Arc::make_mut(call);
            call.status = Some(status);
            call.seen = seen;
        }
    }

    /// How many there were with this prefix, and those that are kept, newest last.
    pub(crate) fn with_prefix(&self, prefix: &str) -> (u64, Vec<Arc<Recorded>>) {
        let calls = self.kept.iter().map(|(_, call)| call);
        let calls = calls.filter(|call| call.path.starts_with(prefix));
        (self.counts.with_prefix(prefix), calls.cloned().collect())
    }

    /// Forgets all, the counts too. Numbers go on: a call that is being answered is not mistaken
    /// for a later one.
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
        self.counts.clear();
    }
}
