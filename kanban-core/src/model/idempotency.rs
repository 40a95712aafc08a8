//! Keys under which a request is carried out once.

use super::check::Check;
use crate::Result;

/// Names a request, so that it is carried out once however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose key it is: two callers may choose the same. At most 256 characters.
    pub caller: String,
    /// What the caller named the request: 1 to 255 characters.
    pub key: String,
}

impl IdempotencyKey {
    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        check.characters("/caller", &self.caller, 0, 256);
        check.characters("/idempotency_key", &self.key, 1, 255);
        check.done()
    }
}
