//! Moments in time, to the microsecond, in one spelling.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// A moment, in UTC, to the microsecond. Written as RFC 3339 with six decimals and `Z`; any RFC 3339 offset is read.
///
/// ```
/// let at: kanban_core::Timestamp = "2026-01-02T04:04:05+01:00".parse()?;
/// assert_eq!(at.to_string(), "2026-01-02T03:04:05.000000Z");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The moment as the `time` crate's type.
    pub fn to_offset_date_time(self) -> OffsetDateTime {
        self.0
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn unix_micros(self) -> i64 {
        (self.0.unix_timestamp_nanos() / 1_000) as i64
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(at: OffsetDateTime) -> Self {
        let at = at.to_offset(UtcOffset::UTC);
        Self(at.replace_nanosecond(at.nanosecond() / 1_000 * 1_000).expect("fewer nanoseconds than a second has"))
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
            .filter(|at| (1..=9999).contains(&at.to_offset(UtcOffset::UTC).year()))
            .map(Self::from)
            .ok_or_else(|| format!("expected an RFC 3339 time such as 2026-01-31T12:00:00Z, not {s:?}"))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // by hand: a page of cards has hundreds of these
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let (year, month, day) = self.0.to_calendar_date();
        let (hour, minute, second, micro) = self.0.to_hms_micro();
        digits(&mut text[..4], year.unsigned_abs());
        digits(&mut text[5..7], u8::from(month).into());
        digits(&mut text[8..10], day.into());
        digits(&mut text[11..13], hour.into());
        digits(&mut text[14..16], minute.into());
        digits(&mut text[17..19], second.into());
        digits(&mut text[20..26], micro);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

/// Writes a number over so many digits.
fn digits(text: &mut [u8], mut number: u32) {
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
