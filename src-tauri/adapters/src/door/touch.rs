//! Requests that wait for a touch of a security key: whoever asked is told what is waited for, and asks for the
//! answer with another request.

use super::{Door, grant};
use engine::{
    Snapshot,
    model::{
        Timestamp,
        ids::Grant,
        step_up::{Demand, For, Question},
    },
};
use link::{Caller, Reply, Request, TouchWaits};
use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Mutex, PoisonError},
};
use tokio::task::JoinHandle;

/// Answers that nobody has fetched yet. Each comes by itself: a question is given up in time.
#[derive(Default)]
pub(super) struct Touches(Mutex<(u64, HashMap<u64, JoinHandle<Reply>>)>);

/// At most so many are kept for those who never fetch them.
const KEPT: usize = 256;

impl Touches {
    fn keep(&self, answer: JoinHandle<Reply>) -> u64 {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, kept) = &mut *held;
        *last += 1;
        if kept.len() >= KEPT {
            kept.retain(|_, answer| !answer.is_finished());
        }
        kept.insert(*last, answer);
        *last
    }

    pub(super) fn take(&self, id: u64) -> Option<JoinHandle<Reply>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&id)
    }
}

impl Door {
    /// The answer to a plain request. Boxed, as it is asked for by what it is part of.
    fn later(self, request: Request, caller: Caller) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        Box::pin(async move { self.done(request, &caller).await })
    }

    /// The answer, or what is waited for until it comes.
    pub(super) async fn or_touch(&self, request: Request, caller: &Caller) -> Reply {
        let asked = match &request {
            Request::OpenConsole { role, .. } => Asked::Role(grant(role.clone())),
            _ => Asked::Program(caller.pid),
        };
        if matches!(request, Request::TellOfTouch { .. } | Request::AwaitTouch { .. }) {
            return Reply::Refused(link::Refusal::Impossible);
        }
        let mut snapshots = self.engine.snapshots();
        let (door, caller) = (self.clone(), caller.clone());
        let mut answer = tokio::spawn(door.later(request, caller));
        let waits = tokio::select! {
            biased;
            answer = &mut answer => return answer.unwrap_or_else(|_| self.ended_midway()),
            waits = snapshots.wait_for(|now| asked.waits(now).is_some()) => {
                waits.ok().and_then(|now| asked.waits(&now).cloned())
            }
        };
        let now = self.clock.now();
        match waits.and_then(|question| told(&question, now)) {
            Some(waits) => Reply::TouchWaits(TouchWaits { id: self.touches.keep(answer), ..waits }),
            None => answer.await.unwrap_or_else(|_| self.ended_midway()),
        }
    }
}

/// Who asked, to know the question that is theirs.
enum Asked {
    Program(u32),
    Role(Grant),
}

impl Asked {
    fn waits<'a>(&self, now: &'a Snapshot) -> Option<&'a Question> {
        now.step_up.question.as_ref().filter(|question| match (self, &question.wanted) {
            (Self::Program(pid), _) => question.programs.iter().any(|program| program.pid == *pid),
            (Self::Role(role), For::Role { grant, .. }) => role == grant,
            (Self::Role(_), _) => false,
        })
    }
}

fn told(question: &Question, now: Timestamp) -> Option<TouchWaits> {
    let For::Role { grant, account_name, demand, .. } = &question.wanted else { return None };
    Some(TouchWaits {
        id: 0,
        account_name: account_name.clone(),
        role: grant.role.to_string(),
        by_word: *demand == Demand::Words,
        seconds: u64::try_from(question.until.duration_since(now).as_secs()).unwrap_or_default(),
    })
}
