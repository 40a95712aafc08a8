//! Moments in time, to the microsecond, in one spelling.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment, in UTC, to the microsecond. Written as RFC 3339 with six decimals and `Z`; any RFC 3339 offset is read.
///
/// ```
/// let at: kanban_core::Timestamp = "2026-01-02T04:04:05+01:00".parse()?;
/// assert_eq!(at.to_string(), "2026-01-02T03:04:05.000000Z");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Since 1970-01-01T00:00:00Z.
    micros: i64,
}

impl Timestamp {
    pub(crate) const fn from_unix_micros(micros: i64) -> Self {
        Self { micros }
    }

    /// The moment as the `time` crate's type.
    pub fn to_offset_date_time(self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::microseconds(self.micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn unix_micros(self) -> i64 {
        self.micros
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(at: OffsetDateTime) -> Self {
        // the years of the type have fewer microseconds than 64 bits count
        Self::from_unix_micros(at.unix_timestamp_nanos().div_euclid(1_000) as i64)
    }
}

impl From<std::time::SystemTime> for Timestamp {
    fn from(at: std::time::SystemTime) -> Self {
        OffsetDateTime::from(at).into()
    }
}

impl FromStr for Timestamp {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        OffsetDateTime::parse(s, &Rfc3339)
            .ok()
            // PostgreSQL's range is wider, but year 0 has no spelling that everybody reads
            .filter(|at| (1..=9999).contains(&at.to_offset(time::UtcOffset::UTC).year()))
            .map(Self::from)
            .ok_or_else(|| format!("expected an RFC 3339 time such as 2026-01-31T12:00:00Z, not {s:?}"))
    }
}

/// How a moment is written, with zeros for digits.
const FORM: [u8; 27] = *b"0000-00-00T00:00:00.000000Z";

impl Timestamp {
    /// Writes it by hand: a page of cards has hundreds of these.
    fn write(self, text: &mut [u8; 27]) -> &str {
        const DAY: i64 = 24 * 60 * 60;
        let (seconds, micro) = (self.micros.div_euclid(1_000_000), self.micros.rem_euclid(1_000_000));
        let (year, month, day) = civil(seconds.div_euclid(DAY));
        let second = seconds.rem_euclid(DAY);
        let parts = [
            (0..4, year),
            (5..7, month),
            (8..10, day),
            (11..13, second / 3600),
            (14..16, second / 60 % 60),
            (17..19, second % 60),
            (20..26, micro),
        ];
        for (place, number) in parts {
            digits(&mut text[place], number.unsigned_abs());
        }
        std::str::from_utf8(text).unwrap_or_default()
    }
}

/// The year, month and day of a day since 1970-01-01, in the Gregorian calendar (Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    // years begin in March here, so that the day that comes and goes is the last of a year; 400 of them have 146097 days
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (era * 400 + year, month, day)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.write(&mut FORM.clone()))
    }
}

/// Writes a number over so many digits.
fn digits(text: &mut [u8], mut number: u64) {
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // not as a text: a serializer for another language tells moments by this
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use time::format_description::well_known::Rfc3339;

    use super::Timestamp;

    #[test]
    fn it_is_written_as_the_time_crate_reads_it() {
        let seed = fastrand::u64(..);
        eprintln!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..10_000 {
            // years 1 to 9999
            let seconds = random.i64(-62_135_596_800..253_402_300_800);
            let at = time::OffsetDateTime::from_unix_timestamp(seconds).expect("within the years that there are")
                + time::Duration::microseconds(random.i64(0..1_000_000));
            let text = Timestamp::from(at).to_string();
            assert_eq!(text.len(), "2026-01-02T03:04:05.000000Z".len());
            assert_eq!(time::OffsetDateTime::parse(&text, &Rfc3339), Ok(at), "{text}");
        }
    }
}
