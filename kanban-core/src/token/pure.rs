//! Tokens without a database, for benchmarks: see [`crate::pure`].

use super::text::{self, Presented};
use super::verify::Verifier;
use crate::db::tokens::PresentedRow;
use crate::{Error, Result};

/// A new token's text.
pub fn generate_token() -> String {
    text::generate()
}

/// Whether a text has a token's form and checksum.
pub fn is_token(text: &str) -> bool {
    Presented::read(text).is_some()
}

/// A process that has one token's hash, where a database would.
pub struct Tokens {
    verifier: Verifier,
    tag: [u8; 4],
    hash: String,
}

impl Tokens {
    /// Of this token's text. The verifier has not seen it yet.
    ///
    /// # Errors
    /// [`Unauthenticated`](Error::Unauthenticated) for a text that is no token.
    pub async fn of(text: &str) -> Result<Self> {
        let presented = Presented::read(text).ok_or(Error::Unauthenticated)?;
        let verifier = Verifier::new();
        let hash = verifier.hash(presented.secret).await?;
        Ok(Self { verifier, tag: presented.tag(), hash })
    }

    /// Makes the verifier one that has not seen any token.
    pub fn forget(&mut self) {
        self.verifier = Verifier::new();
    }

    /// Verifies a text.
    ///
    /// # Errors
    /// [`Unauthenticated`](Error::Unauthenticated).
    pub async fn verify(&self, text: &str) -> Result<()> {
        let look = || async { Ok(vec![PresentedRow::of(self.tag, &self.hash)]) };
        self.verifier.verify(text, look).await.map(drop)
    }
}
