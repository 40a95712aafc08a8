//! What one process may still let in of a window without asking the database again.

use std::time::{Duration, Instant};

use crate::Timestamp;
use crate::db::rates::LeaseRow;

/// A process that asks for the first time gets this part of a limit, and with each further time in the same window twice as
/// much, up to `LARGEST`. So what is held by those who do not use it stays small.
const SMALLEST: u32 = 100;
const LARGEST: u32 = 20;

/// The calls that a process holds of a window.
pub(super) struct Slice {
    held: u32,
    /// What the database had left when it was last asked.
    elsewhere: u32,
    /// What to ask for next.
    wanted: u32,
    ends: Instant,
    ends_at: Timestamp,
}

/// What became of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is let in: how many are left, how long the window still lasts, and when it ends.
    In(u32, Duration, Timestamp),
    /// The window's calls are used up.
    Refused(Duration, Timestamp),
    /// The database has to be asked.
    Unknown,
}

impl Slice {
    /// Of a window that is over.
    pub(super) fn empty(now: Instant) -> Self {
        Self { held: 0, elsewhere: 0, wanted: 0, ends: now, ends_at: Timestamp::from(time::OffsetDateTime::UNIX_EPOCH) }
    }

    pub(super) fn take(&mut self, now: Instant) -> Taken {
        let resets_in = self.ends.saturating_duration_since(now);
        if resets_in.is_zero() {
            return Taken::Unknown;
        }
        if let Some(held) = self.held.checked_sub(1) {
            self.held = held;
            return Taken::In(held + self.elsewhere, resets_in, self.ends_at);
        }
        if self.elsewhere == 0 { Taken::Refused(resets_in, self.ends_at) } else { Taken::Unknown }
    }

    /// Takes a call back that was let in and refused elsewhere.
    pub(super) fn give_back(&mut self, ends_at: Timestamp) {
        if self.ends_at == ends_at {
            self.held += 1;
        }
    }

    /// How many calls to ask for.
    pub(super) fn wanted(&mut self, limit: u32, now: Instant) -> u32 {
        let smallest = limit.div_ceil(SMALLEST);
        self.wanted = if now < self.ends { self.wanted.clamp(smallest, limit.div_ceil(LARGEST)) } else { smallest };
        self.wanted
    }

    /// Adds what the database gave, which was asked at `asked`.
    pub(super) fn refill(&mut self, lease: &LeaseRow, asked: Instant) {
        if self.ends_at != lease.ends_at() {
            self.held = 0;
        }
        self.held += lease.granted();
        self.elsewhere = lease.remaining();
        self.wanted *= 2;
        // not later than the database says: from when it was asked
        self.ends = asked + lease.ends_in();
        self.ends_at = lease.ends_at();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_slice_is_counted_down_and_grows_while_it_is_used_up() {
        let start = Instant::now();
        let at = Timestamp::from(time::OffsetDateTime::UNIX_EPOCH + 10 * SECOND);
        let mut slice = Slice::empty(start);
        assert_eq!(slice.take(start), Taken::Unknown);
        let mut sizes = Vec::new();
        for _ in 0..5 {
            let wanted = slice.wanted(1000, start);
            sizes.push(wanted);
            slice.refill(&LeaseRow::of(i64::from(wanted), 500, 10.0, at), start);
            for left in (0..wanted).rev() {
                assert_eq!(slice.take(start), Taken::In(500 + left, 10 * SECOND, at));
            }
            assert_eq!(slice.take(start), Taken::Unknown, "more is to be had");
        }
        assert_eq!(sizes, [10, 20, 40, 50, 50], "from a hundredth to a twentieth");
        slice.refill(&LeaseRow::of(1, 0, 10.0, at), start);
        assert_eq!(slice.take(start), Taken::In(0, 10 * SECOND, at));
        assert_eq!(slice.take(start + SECOND), Taken::Refused(9 * SECOND, at), "without asking again");
        slice.give_back(at);
        assert_eq!(slice.take(start + SECOND), Taken::In(0, 9 * SECOND, at), "what was not let in elsewhere");
    }

    #[test]
    fn what_is_left_of_a_window_ends_with_it() {
        let start = Instant::now();
        let moment = |seconds: u32| Timestamp::from(time::OffsetDateTime::UNIX_EPOCH + seconds * SECOND);
        let mut slice = Slice::empty(start);
        assert_eq!(slice.wanted(1000, start), 10);
        slice.refill(&LeaseRow::of(10, 990, 10.0, moment(10)), start);
        assert_eq!(slice.take(start + 10 * SECOND), Taken::Unknown, "it is over");
        assert_eq!(slice.wanted(1000, start + 10 * SECOND), 10, "and begins small again");
        slice.refill(&LeaseRow::of(3, 0, 10.0, moment(20)), start + 10 * SECOND);
        slice.give_back(moment(10));
        let taken = std::iter::repeat_with(|| slice.take(start + 11 * SECOND));
        let taken = taken.take_while(|taken| matches!(taken, Taken::In(..))).count();
        assert_eq!(taken, 3, "nothing of the old one is left");
    }
}
