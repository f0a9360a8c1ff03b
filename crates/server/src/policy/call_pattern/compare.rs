//! Two patterns beside each other: whether one's paths are all among the other's, and whether any path is both's.
//!
//! Both are compared as servers may read them ([`super::reading`]), so that a line which keeps `/things/all` meets
//! `/Things/{id}`, too.

use http::Method;

use super::matching::matches;
use super::reading::could_end_with;
use super::{CallPattern, Segment};

/// How the calls of two patterns lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// They are the same calls.
    Same,
    /// The first one's calls are among the second one's.
    First,
    /// The second one's calls are among the first one's.
    Second,
    /// Some calls are both's, and neither's are all among the other's.
    Crossing,
}

/// A segment that no pattern names.
const UNNAMED: &str = "\0";

impl CallPattern {
    /// How the calls of two patterns lie to each other; `None` if no call is both's. The path counts before the
    /// method.
    pub fn overlap(&self, other: &Self) -> Option<Overlap> {
        let is_head = |one: &Method, two: &Method| *one == Method::HEAD && *two == Method::GET;
        let narrower = if self.method == other.method {
            Overlap::Same
        } else if is_head(&self.method, &other.method) {
            Overlap::First
        } else if is_head(&other.method, &self.method) {
            Overlap::Second
        } else {
            return None;
        };
        if self.folded == other.folded {
            return Some(narrower);
        }
        match (is_within(self, other), is_within(other, self)) {
            (true, false) => Some(Overlap::First),
            (false, true) => Some(Overlap::Second),
            _ if meet(&self.folded, &other.folded) => Some(Overlap::Crossing),
            _ => None,
        }
    }

    /// Whether another pattern's calls are among this one's, and fewer.
    pub(in crate::policy) fn gives_way_to(&self, other: &Self) -> bool {
        self.overlap(other) == Some(Overlap::Second)
    }

    /// Whether two patterns are for the same calls.
    pub(in crate::policy) fn is_same_as(&self, other: &Self) -> bool {
        self.method == other.method && self.folded == other.folded
    }
}

/// Whether all paths of `inner` are among those of `outer`: some that stand for all of them are tried.
fn is_within(inner: &CallPattern, outer: &CallPattern) -> bool {
    let many = inner
        .folded
        .iter()
        .filter(|it| **it == Segment::Many)
        .count();
    let most = outer.folded.len() + 1;
    // Each `**` empty, each longer than all of the other pattern, and each in turn unlike the rest.
    let lengths = |unlike: Option<usize>, it: usize, length: usize| {
        if unlike == Some(it) {
            most - length
        } else {
            length
        }
    };
    let turns = std::iter::once(None).chain((0..many).map(Some));
    turns
        .flat_map(|unlike| [(unlike, 0), (unlike, most)])
        .all(|(unlike, length)| {
            let path = witness(&inner.folded, |it| lengths(unlike, it, length));
            matches(&outer.folded, &path, could_end_with)
        })
}

/// A path of a pattern's, with names that no pattern has, and so many for each `**`.
fn witness(pattern: &[Segment], length: impl Fn(usize) -> usize) -> Vec<String> {
    let (mut path, mut many) = (Vec::new(), 0);
    for segment in pattern {
        match segment {
            Segment::Literal(text) => path.push(text.clone()),
            Segment::One => path.push(UNNAMED.to_owned()),
            Segment::Before(end) => path.push(format!("{UNNAMED}{end}")),
            Segment::Many => {
                path.extend(std::iter::repeat_n(UNNAMED.to_owned(), length(many)));
                many += 1;
            }
        }
    }
    path
}

/// Whether any path is both's: from the ends of both to their beginnings, as many steps as one times the other.
fn meet(one: &[Segment], other: &[Segment]) -> bool {
    let is_empty = |rest: &[Segment]| rest.iter().all(|it| *it == Segment::Many);
    // Of what follows in `one`, with each end of `other`.
    let mut after: Vec<bool> = (0..=other.len()).map(|at| is_empty(&other[at..])).collect();
    for at in (0..one.len()).rev() {
        let mut here = vec![false; other.len() + 1];
        here[other.len()] = is_empty(&one[at..]);
        for to in (0..other.len()).rev() {
            here[to] = match (&one[at], &other[to]) {
                (Segment::Many, _) | (_, Segment::Many) => after[to] || here[to + 1],
                (one, other) => after[to + 1] && are_one(one, other),
            };
        }
        after = here;
    }
    after[0]
}

/// Whether one segment could be both.
fn are_one(one: &Segment, other: &Segment) -> bool {
    match (one, other) {
        (Segment::Literal(one), Segment::Literal(other)) => one == other,
        (Segment::Literal(text), Segment::Before(end))
        | (Segment::Before(end), Segment::Literal(text)) => could_end_with(text, end),
        (Segment::Before(one), Segment::Before(other)) => {
            one.ends_with(other.as_str()) || other.ends_with(one.as_str())
        }
        _ => true,
    }
}
