//! Whose turn it is.

use futures_util::FutureExt as _;

use super::*;

const MAX_WAITING_OF_ONE: usize = 64;

fn instance(number: u16) -> InstanceId {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&number.to_be_bytes());
    InstanceId::from_bytes(id)
}

fn places_of(count: usize) -> WorkSlots {
    WorkSlots::new(Size::new(count, None), Arc::default())
}

#[test]
fn what_is_begun_leaves_connections_for_the_rest() {
    for (connections, places, begun) in [
        (None, 4, 8),
        (Some(96), 4, 8),
        (Some(10), 4, 7),
        (Some(6), 3, 4),
        (Some(2), 1, 1),
        (Some(1), 1, 1),
    ] {
        assert_eq!(
            Size::new(4, connections),
            Size { places, begun },
            "{connections:?}"
        );
    }
}

type Line<'places> =
    std::pin::Pin<Box<dyn Future<Output = Result<WorkSlot, TooManyWaiting>> + 'places>>;

/// Those of a line whose turn it is.
fn served(line: &mut Vec<Line<'_>>) -> Vec<WorkSlot> {
    let mut places = Vec::new();
    line.retain_mut(|turn| {
        let place = turn.as_mut().now_or_never();
        let is_waiting = place.is_none();
        places.extend(place.map(Result::unwrap));
        is_waiting
    });
    places
}

/// A place that is free now.
fn now(places: &WorkSlots, number: u16) -> Option<WorkSlot> {
    places
        .take(instance(number), MAX_WAITING_OF_ONE)
        .now_or_never()?
        .ok()
}

#[test]
fn one_instance_has_all_places_while_none_other_waits() {
    let places = places_of(4);
    let all: Vec<_> = (0..4).map(|_| now(&places, 1).unwrap()).collect();
    assert!(now(&places, 1).is_none());
    // Another one need not wait for it, and has no more than its share that way.
    let other = now(&places, 2).unwrap();
    assert!(now(&places, 2).is_none());
    drop((all, other));
    assert!(places.0.state.lock().held.is_empty());
    assert_eq!(places.0.state.lock().held_in_all, 0);
}

#[test]
fn at_most_a_quarter_while_others_wait() {
    let places = places_of(8);
    let held: Vec<_> = (0..8).map(|_| now(&places, 1).unwrap()).collect();
    let line = |number| -> Vec<Line<'_>> {
        (0..8)
            .map(|_| Box::pin(places.take(instance(number), MAX_WAITING_OF_ONE)) as Line<'_>)
            .collect()
    };
    let (mut mine, mut theirs) = (line(1), line(2));
    assert!(served(&mut mine).is_empty());
    // The first is beyond the eight.
    let mut theirs_held: Vec<WorkSlot> = served(&mut theirs);
    assert_eq!(theirs_held.len(), 1);
    drop(held);
    let mine_held: Vec<WorkSlot> = served(&mut mine);
    theirs_held.extend(served(&mut theirs));
    assert_eq!((mine_held.len(), theirs_held.len()), (2, 2));
}

#[test]
fn one_instance_keeps_to_its_share_while_another_asks_for_what_needs_no_place() {
    let places = places_of(4);
    let first = now(&places, 1).unwrap();
    places.note(instance(2));
    assert!(now(&places, 1).is_none());
    drop(first);
    let _first = now(&places, 1).unwrap();
    // Its own requests do not hold it back.
    let places = places_of(4);
    let _all: Vec<_> = (0..4)
        .map(|_| {
            places.note(instance(1));
            now(&places, 1).unwrap()
        })
        .collect();
}

#[test]
fn work_beyond_the_share_ends_its_turn_when_another_asks() {
    let places = places_of(4);
    let (first, second) = (now(&places, 1).unwrap(), now(&places, 1).unwrap());
    places.note(instance(2));
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| second.take_turns());
        // One place is its share: the work in it goes on, and the other one's waits for its end.
        while places.0.state.lock().parked == 0 {
            std::thread::yield_now();
        }
        first.take_turns();
        assert!(first.is_held.load(Ordering::Relaxed));
        assert_eq!(places.0.state.lock().held_in_all, 1);
        drop(first);
        worker.join().unwrap();
    });
    assert!(second.is_held.load(Ordering::Relaxed));
}

#[test]
fn who_stops_waiting_gives_up_the_turn() {
    let places = places_of(1);
    let held = now(&places, 1).unwrap();
    let mut gone = Box::pin(places.take(instance(1), MAX_WAITING_OF_ONE));
    assert!(gone.as_mut().now_or_never().is_none());
    let mut next = Box::pin(places.take(instance(1), MAX_WAITING_OF_ONE));
    assert!(next.as_mut().now_or_never().is_none());
    drop(gone);
    drop(held);
    assert!(next.now_or_never().is_some());
}

#[test]
fn the_line_of_one_instance_is_capped() {
    let places = places_of(1);
    let _held = now(&places, 1).unwrap();
    let mut line: Vec<_> = (0..MAX_WAITING_OF_ONE)
        .map(|_| Box::pin(places.take(instance(1), MAX_WAITING_OF_ONE)))
        .collect();
    for turn in &mut line {
        assert!(turn.as_mut().now_or_never().is_none());
    }
    let refused = places.take(instance(1), MAX_WAITING_OF_ONE).now_or_never();
    assert!(matches!(refused, Some(Err(TooManyWaiting))));
    line.pop();
    assert!(
        places
            .take(instance(1), MAX_WAITING_OF_ONE)
            .now_or_never()
            .is_none()
    );
}

#[test]
fn long_work_lets_another_have_its_turn() {
    let places = places_of(1);
    let long = now(&places, 1).unwrap();
    long.take_turns();
    assert!(long.is_held.load(Ordering::Relaxed), "nobody waits");
    *long.since.lock() -= 2 * TIME_SLICE;
    let mut other = Box::pin(places.take(instance(2), MAX_WAITING_OF_ONE));
    assert!(other.as_mut().now_or_never().is_none());
    let other = std::thread::scope(|scope| {
        let worker = scope.spawn(|| long.take_turns());
        let other = futures_executor(other);
        // It goes on only when the other one has had its turn.
        assert!(!worker.is_finished());
        drop(other);
        worker.join()
    });
    other.unwrap();
    assert!(long.is_held.load(Ordering::Relaxed));
    drop(long);
    assert_eq!(places.0.state.lock().held_in_all, 0);
}

fn futures_executor<T>(future: impl Future<Output = Result<T, TooManyWaiting>>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
        .unwrap()
}

/// 500 instances of equal load: none is served less than half as often as its share.
#[test]
fn none_of_many_instances_gets_less_than_half_its_share() {
    let places = places_of(8);
    let mut lines: Vec<(u16, Line<'_>)> = Vec::new();
    let mut served = vec![0_u32; 500];
    let mut held: VecDeque<(u16, WorkSlot)> = VecDeque::new();
    for _ in 0..6 {
        for number in 0..500 {
            lines.push((
                number,
                Box::pin(places.take(instance(number), MAX_WAITING_OF_ONE)),
            ));
        }
    }
    let mut in_all = 0;
    while in_all < 2000 {
        lines.retain_mut(|(number, turn)| match turn.as_mut().now_or_never() {
            Some(place) => {
                held.push_back((*number, place.unwrap()));
                false
            }
            None => true,
        });
        let (number, place) = held.pop_front().unwrap();
        served[usize::from(number)] += 1;
        in_all += 1;
        drop(place);
    }
    assert!(served.iter().all(|count| *count >= 2), "{served:?}");
}

#[test]
fn an_instance_that_uses_much_has_half_the_share() {
    let usage = Arc::<Usage>::default();
    let places = WorkSlots::new(Size::new(8, None), Arc::clone(&usage));
    usage.add(instance(1), Duration::from_hours(1), Duration::ZERO);
    places
        .0
        .state
        .lock()
        .asking
        .note(instance(1), Instant::now());
    places
        .0
        .state
        .lock()
        .asking
        .note(instance(2), Instant::now());
    let mut held =
        [1, 2].map(|number| std::iter::from_fn(|| now(&places, number)).collect::<Vec<_>>());
    assert_eq!(held.each_ref().map(Vec::len), [1, 2]);
    held[0].clear();
    assert!(now(&places, 1).is_some());
}

#[test]
fn what_one_instance_has_begun_leaves_a_quarter_for_others() {
    let places = places_of(4);
    let mut state = places.0.state.lock();
    assert_eq!(state.max_begun, 8);
    let park = |state: &mut State, number| {
        let (turn, _) = mpsc::sync_channel(1);
        state.line(instance(number)).push_front(Turn::Thread(turn));
        state.parked += 1;
    };
    for _ in 0..6 {
        assert!(state.may_begin(instance(1)));
        park(&mut state, 1);
    }
    assert!(!state.may_begin(instance(1)));
    // Two that want places at the same time have a quarter each.
    for _ in 0..2 {
        assert!(state.may_begin(instance(2)));
        park(&mut state, 2);
    }
    assert!(!state.may_begin(instance(2)));
}
