//! Cards that many ask for at the same time are read together.
//!
//! A tenant has a few reads of single cards under way at once. Whoever asks meanwhile waits for the end of one, and then
//! all who have waited are answered by one statement: as many as have come, and nobody waits for more to come. It begins
//! after each of them has asked, so it shows each what was committed before. This is group commit, for reads: under load a
//! card costs the database a fraction of a statement, and idle callers notice nothing of it.
//!
//! Whoever has waited longest reads for all, and passes the turn on when done, or when dropped in the middle; those it had
//! read for then read for themselves.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::model::{Card, CardRef, TenantId};

/// The most cards that one statement reads.
const MOST_AT_ONCE: usize = 100;

/// Who reads and who waits, in one process.
pub(crate) struct Gatherer {
    /// The most reads of a tenant at once.
    most: usize,
    tenants: Mutex<HashMap<TenantId, Queue>>,
}

#[derive(Default)]
struct Queue {
    reads: usize,
    waiting: VecDeque<Asked>,
}

/// Somebody who waits for a card.
pub(crate) struct Asked {
    card: CardRef,
    answer: oneshot::Sender<Next>,
}

/// What to do about a card.
pub(crate) enum Next {
    /// Nothing: somebody has read it.
    Done(Option<Box<Card>>),
    /// Read it, with those of the others, and answer them.
    Read(Turn, Vec<Asked>),
    /// Read it alone: whoever was to read it did not come to the end.
    Alone,
}

impl Gatherer {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, tenants: Mutex::default() })
    }

    /// Waits until the card is read or to be read.
    pub(crate) async fn ask(self: &Arc<Self>, tenant: &TenantId, card: &CardRef) -> Next {
        let answered = {
            let mut tenants = self.tenants();
            let queue = tenants.entry(tenant.clone()).or_default();
            if queue.reads < self.most {
                queue.reads += 1;
                return Next::Read(Turn(Some((self.clone(), tenant.clone()))), Vec::new());
            }
            let (answer, answered) = oneshot::channel();
            queue.waiting.push_back(Asked { card: card.clone(), answer });
            answered
        };
        answered.await.unwrap_or(Next::Alone)
    }

    /// Gives the turn to whoever has waited longest and is still there, with all who wait behind.
    fn pass_on(self: Arc<Self>, tenant: TenantId) {
        let mut gatherer = self;
        let mut tenant = tenant;
        loop {
            let mut others = {
                let mut tenants = gatherer.tenants();
                let Some(queue) = tenants.get_mut(&tenant) else { return };
                if queue.waiting.is_empty() {
                    queue.reads -= 1;
                    if queue.reads == 0 {
                        tenants.remove(&tenant);
                    }
                    return;
                }
                let many = queue.waiting.len().min(MOST_AT_ONCE);
                queue.waiting.drain(..many).collect::<VecDeque<_>>()
            };
            while let Some(first) = others.pop_front() {
                let turn = Turn(Some((gatherer, tenant)));
                let Err(Next::Read(mut back, rest)) = first.answer.send(Next::Read(turn, others.into())) else {
                    return;
                };
                let Some(taken) = back.0.take() else { return };
                (gatherer, tenant) = taken;
                others = rest.into();
            }
        }
    }

    fn tenants(&self) -> MutexGuard<'_, HashMap<TenantId, Queue>> {
        // nothing panics while it is locked
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of a tenant's reads. Passed on when it is dropped.
pub(crate) struct Turn(Option<(Arc<Gatherer>, TenantId)>);

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((gatherer, tenant)) = self.0.take() {
            gatherer.pass_on(tenant);
        }
    }
}

/// The ids and the keys that a statement reads: the card's own and those of the others.
pub(crate) fn names(card: &CardRef, others: &[Asked]) -> (Vec<uuid::Uuid>, Vec<String>) {
    let (mut ids, mut keys) = (Vec::with_capacity(others.len() + 1), Vec::new());
    for card in others.iter().map(|asked| &asked.card).chain([card]) {
        match card {
            CardRef::Id(id) => ids.push(id.uuid()),
            CardRef::Key(key) => keys.push(key.clone()),
        }
    }
    (ids, keys)
}

/// Answers the others from what was read, and gives back the one card.
pub(crate) fn answer(card: &CardRef, others: Vec<Asked>, read: Vec<Card>) -> Option<Card> {
    let find = |asked: &CardRef| {
        read.iter().find(|card| match asked {
            CardRef::Id(id) => card.id == *id,
            CardRef::Key(key) => card.key == *key,
        })
    };
    for Asked { card, answer } in others {
        // whoever is gone needs no answer
        let _ = answer.send(Next::Done(find(&card).cloned().map(Box::new)));
    }
    find(card).cloned()
}
