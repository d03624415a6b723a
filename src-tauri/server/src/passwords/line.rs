//! The line before the checks of passwords. Whoever comes from one place is one of those who take turns, however many
//! they are, and holds a share of the line at most: a flood from somewhere leaves it to everybody else.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::limits::Network;

/// How many may wait altogether: a few seconds' worth.
pub const LONGEST: usize = 96;
/// How many of one place may wait: an office at nine o'clock, and half of the line is left.
pub const SHARE: usize = LONGEST / 2;

/// The line.
#[derive(Debug)]
pub struct Line {
    at_a_time: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    busy: usize,
    /// In the order of their next turns; none is empty.
    waiting: VecDeque<Group>,
}

/// Those who wait from one place, in the order they came.
#[derive(Debug)]
struct Group {
    from: Network,
    places: VecDeque<oneshot::Sender<Turn>>,
}

/// The right to check a password, until it is dropped.
#[derive(Debug)]
pub struct Turn(Option<Arc<Line>>);

/// What became of somebody who came.
enum Joined {
    Now,
    Waits(oneshot::Receiver<Turn>),
    Full,
}

impl Line {
    /// A line that nobody waits in.
    pub fn new(at_a_time: usize) -> Arc<Self> {
        Arc::new(Self { at_a_time, state: Mutex::default() })
    }

    /// Waits for a turn; `None` if the line is full of others, or the share of this place is.
    pub async fn turn(self: &Arc<Self>, from: Network) -> Option<Turn> {
        match self.join(from) {
            Joined::Now => Some(Turn(Some(Arc::clone(self)))),
            // Whoever made room for another place hears nothing any more.
            Joined::Waits(place) => place.await.ok(),
            Joined::Full => None,
        }
    }

    /// Whether somebody waits.
    pub fn is_waited_in(&self) -> bool {
        let mut state = self.state();
        state.forget_gone();
        !state.waiting.is_empty()
    }

    fn join(&self, from: Network) -> Joined {
        let mut state = self.state();
        if state.busy < self.at_a_time {
            state.busy += 1;
            return Joined::Now;
        }
        state.forget_gone();
        let own = state.waiting.iter().find(|group| group.from == from).map_or(0, |group| group.places.len());
        if own >= SHARE || !state.has_room(own) {
            return Joined::Full;
        }
        let (place, turn) = oneshot::channel();
        match state.waiting.iter_mut().find(|group| group.from == from) {
            Some(group) => group.places.push_back(place),
            None => state.waiting.push_back(Group { from, places: VecDeque::from([place]) }),
        }
        Joined::Waits(turn)
    }

    /// Gives a turn that ended to the next one, or to nobody.
    fn pass_on(self: Arc<Self>) {
        loop {
            let Some(next) = self.state().next() else { return };
            match next.send(Turn(Some(Arc::clone(&self)))) {
                Ok(()) => return,
                // They went away: it is still to be given.
                Err(mut turn) => turn.0 = None,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whose turn it is, each place in its turn. If nobody waits, one check fewer is under way.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        while let Some(mut group) = self.waiting.pop_front() {
            let place = group.places.pop_front();
            if !group.places.is_empty() {
                self.waiting.push_back(group);
            }
            if place.is_some() {
                return place;
            }
        }
        self.busy -= 1;
        None
    }

    /// Whether one more may wait of a place of which so many do. Where the line is full, the place that has most in
    /// it gives one up, the one that came last.
    fn has_room(&mut self, own: usize) -> bool {
        if self.waiting.iter().map(|group| group.places.len()).sum::<usize>() < LONGEST {
            return true;
        }
        let most = self.waiting.iter_mut().max_by_key(|group| group.places.len());
        match most.filter(|group| group.places.len() > own + 1) {
            Some(group) => group.places.pop_back().is_some(),
            None => false,
        }
    }

    fn forget_gone(&mut self) {
        for group in &mut self.waiting {
            group.places.retain(|place| !place.is_closed());
        }
        self.waiting.retain(|group| !group.places.is_empty());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(line) = self.0.take() {
            line.pass_on();
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use std::{
        future::{Future, poll_fn},
        pin::Pin,
        task::Poll,
    };

    use super::*;

    type Waiting = Pin<Box<dyn Future<Output = Option<Turn>>>>;

    /// What they hear now: nothing, or whether they have a turn.
    async fn now(waiting: &mut Waiting) -> Option<Option<Turn>> {
        poll_fn(|context| match waiting.as_mut().poll(context) {
            Poll::Ready(turn) => Poll::Ready(Some(turn)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    fn place(last: u8) -> Network {
        Network::of([192, 0, 2, last].into())
    }

    /// Somebody who comes, has been seen, and waits or not.
    async fn come(line: &Arc<Line>, from: Network) -> Result<Waiting, Option<Turn>> {
        let line = Arc::clone(line);
        let mut waiting: Waiting = Box::pin(async move { line.turn(from).await });
        now(&mut waiting).await.map_or(Ok(waiting), Err)
    }

    #[tokio::test]
    async fn one_place_has_a_share_and_others_come_in_between() {
        let line = Line::new(1);
        let first = come(&line, place(1)).await.err().unwrap().unwrap();
        let mut flood = Vec::new();
        for _ in 0..SHARE {
            flood.push(come(&line, place(1)).await.ok().unwrap());
        }
        assert!(come(&line, place(1)).await.err().unwrap().is_none(), "its share is full");
        let mut other = come(&line, place(2)).await.ok().unwrap();
        drop(first);
        let before = flood.remove(0).await.unwrap();
        drop(before);
        // Second in turn, not the fiftieth.
        let turn = now(&mut other).await.unwrap().unwrap();
        assert!(now(&mut flood[0]).await.is_none(), "one at a time");
        drop(turn);
        assert!(now(&mut flood[0]).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_full_line_makes_room_for_somebody_from_elsewhere() {
        let line = Line::new(1);
        let first = come(&line, place(1)).await.err().unwrap().unwrap();
        let mut waiting = Vec::new();
        for from in [1, 2] {
            for _ in 0..SHARE {
                waiting.push(come(&line, place(from)).await.ok().unwrap());
            }
        }
        let mut other = come(&line, place(3)).await.ok().unwrap();
        let mut staying = Vec::new();
        for mut one in waiting {
            match now(&mut one).await {
                Some(turn) => assert!(turn.is_none()),
                None => staying.push(one),
            }
        }
        assert_eq!(staying.len(), LONGEST - 1, "one was turned away");
        drop(staying);
        drop(first);
        assert!(now(&mut other).await.unwrap().is_some(), "whoever went away is passed over");
        drop(other);
        assert!(come(&line, place(4)).await.err().unwrap().is_some(), "and the line is empty");
    }
}
