//! Stretches of time that questions are asked about.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use crate::error::InvalidField;
use crate::{Error, Result};

/// How many days before its end a window begins where nobody says.
pub(crate) const DEFAULT_DAYS: i32 = 30;

/// The most days a window may have: two years.
const MAX_DAYS: i64 = 731;

/// Which stretch of time to look at: from a moment on, up to and without another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct MetricsWindow {
    /// Its first moment. When absent, the beginning of the day (in the time zone) 30 days before its end.
    #[cfg_attr(feature = "openapi", param(inline))]
    pub from: Option<Timestamp>,
    /// Its end; now when absent. It may not be in the future, and at most 731 days behind its beginning.
    #[cfg_attr(feature = "openapi", param(inline))]
    pub to: Option<Timestamp>,
    /// The IANA time zone in which days are counted, such as `Europe/Berlin`; the board's when absent.
    #[cfg_attr(feature = "openapi", param(max_length = 64))]
    pub time_zone: Option<String>,
}

/// The stretch of time that an answer is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Window {
    /// Its first moment.
    pub since: Timestamp,
    /// Its end, which is not part of it.
    pub until: Timestamp,
    /// The time zone in which days are counted.
    pub time_zone: String,
}

impl Window {
    /// Refuses one that is backwards, too long or not over.
    pub(crate) fn validate(&self, now: Timestamp) -> Result<()> {
        let mut fields = Vec::new();
        let mut fails = |pointer: &str, detail: String| {
            fields.push(InvalidField { pointer: pointer.to_owned(), detail });
        };
        if self.until > now {
            fails("/to", format!("is in the future (it is {now}); leave it out to end now"));
        }
        if self.since >= self.until {
            fails("/from", format!("must be before the end of the window, which is {}", self.until));
        } else if self.until.unix_micros() - self.since.unix_micros() > MAX_DAYS * 86_400_000_000 {
            fails("/from", format!("is more than {MAX_DAYS} days before {}; ask for shorter windows", self.until));
        }
        if self.since.unix_micros() < 0 {
            fails("/from", format!("must not be before 1970; the window begins at {}", self.since));
        }
        if fields.is_empty() { Ok(()) } else { Err(Error::Invalid { fields }) }
    }
}

pub(crate) fn unknown_time_zone() -> Error {
    Error::invalid("/time_zone", "is not an IANA time zone such as Europe/Berlin")
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[test]
    fn a_window_goes_forward_ends_by_now_and_is_not_endless() {
        let at = |text: &str| text.parse().expect("a moment");
        let now = at("2026-03-01T00:00:00Z");
        let window = |from, to| Window { since: at(from), until: at(to), time_zone: "UTC".to_owned() };
        assert!(window("2024-02-29T00:00:00Z", "2026-03-01T00:00:00Z").validate(now).is_ok());
        for (from, to, pointer) in [
            ("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "/from"),
            ("2026-02-02T00:00:00Z", "2026-02-01T00:00:00Z", "/from"),
            ("2024-02-28T23:59:59.999999Z", "2026-03-01T00:00:00Z", "/from"),
            ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00.000001Z", "/to"),
            ("1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z", "/from"),
        ] {
            let error = window(from, to).validate(now).expect_err("it is no window");
            let crate::Error::Invalid { fields } = error else { panic!("{error}") };
            assert_eq!(fields[0].pointer, pointer, "{from} {to}");
        }
    }
}
