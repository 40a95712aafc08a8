//! Days as clocks show them, worked out without the database.

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// A time zone that the reference knows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Zone {
    Utc,
    /// Central European time: one hour ahead of UTC, two from the last Sunday of March to that of October, 01:00 UTC.
    Berlin,
}

impl Zone {
    pub fn name(self) -> &'static str {
        match self {
            Self::Utc => "UTC",
            Self::Berlin => "Europe/Berlin",
        }
    }

    /// The day that a clock shows at a moment, as days since 1970-01-01.
    pub fn day(self, at: i64) -> i64 {
        let ahead = match self {
            Self::Utc => 0,
            Self::Berlin if is_summer(at) => 2 * HOUR,
            Self::Berlin => HOUR,
        };
        (at + ahead).div_euclid(DAY)
    }
}

fn is_summer(at: i64) -> bool {
    let (year, _, _) = civil(at.div_euclid(DAY));
    last_sunday(year, 3) * DAY + HOUR <= at && at < last_sunday(year, 10) * DAY + HOUR
}

/// The last Sunday of a month of 31 days.
fn last_sunday(year: i64, month: i64) -> i64 {
    let last = (0..366).map(|day| days_from_year(year) + day).find(|day| civil(*day) == (year, month, 31));
    let last = last.expect("the month has 31 days");
    // day 0 was a Thursday
    last - (last + 4).rem_euclid(7)
}

fn days_from_year(year: i64) -> i64 {
    let leap = |until: i64| until.div_euclid(4) - until.div_euclid(100) + until.div_euclid(400);
    365 * (year - 1970) + leap(year - 1) - leap(1969)
}

/// Year, month and day, by counting.
fn civil(day: i64) -> (i64, i64, i64) {
    let mut year = 1970 + day.div_euclid(366);
    while days_from_year(year + 1) <= day {
        year += 1;
    }
    let is_leap = days_from_year(year + 1) - days_from_year(year) == 366;
    let mut left = day - days_from_year(year);
    let lengths = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    for (month, length) in (1..).zip(lengths) {
        if left < length {
            return (year, month, left + 1);
        }
        left -= length;
    }
    unreachable!("a year ends with its last month")
}

/// `2026-01-31`.
pub fn spelled(day: i64) -> String {
    let (year, month, day) = civil(day);
    format!("{year:04}-{month:02}-{day:02}")
}

#[test]
fn the_reference_knows_its_calendar() {
    let at = |text: &str| text.parse::<kanban_core::Timestamp>().expect("a moment").unix_micros();
    for (moment, day) in [
        ("2026-02-28T22:59:59.999999Z", "2026-02-28"),
        ("2026-02-28T23:00:00Z", "2026-03-01"),
        ("2026-03-29T00:59:59Z", "2026-03-29"),
        ("2026-03-29T22:00:00Z", "2026-03-30"),
        ("2026-10-24T22:00:00Z", "2026-10-25"),
        ("2026-10-25T22:59:59Z", "2026-10-25"),
        ("2026-10-25T23:00:00Z", "2026-10-26"),
        ("2024-02-29T12:00:00Z", "2024-02-29"),
        ("2027-12-31T23:00:00Z", "2028-01-01"),
    ] {
        assert_eq!(spelled(Zone::Berlin.day(at(moment))), day, "{moment}");
    }
    assert_eq!(spelled(Zone::Utc.day(at("2026-12-31T23:59:59Z"))), "2026-12-31");
}
