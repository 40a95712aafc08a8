//! Lengths of time: exact to the microsecond, shown in seconds.

use serde::{Serialize, Serializer};

/// A length of time, exact to the microsecond. Written as a number of seconds.
///
/// ```
/// use kanban_core::Seconds;
///
/// let length = Seconds::from_micros(90_000_001);
/// assert_eq!(serde_json::to_string(&length)?, "90.000001");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seconds(i64);

impl Seconds {
    /// So many microseconds.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// How many microseconds it is.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// How many seconds it is. The nearest number there is; it tells each microsecond apart up to more than a century.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}
