//! Verifying a token: slowly once, and cheaply from then on.
//!
//! The slow hash (argon2id) makes what is stored worthless to whoever reads it. A text that has passed it is remembered
//! under a keyed hash, whose key dies with the process, and neither is ever the text itself. What is remembered is that the text
//! fits a stored hash; whether the token still stands is read from the database again after a few seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use hmac::{Hmac, KeyInit, Mac};
use moka::sync::Cache;
use rand::RngCore;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use super::text::Presented;
use crate::db::tokens::PresentedRow;
use crate::kanban::Grant;
use crate::model::{TenantId, TokenId};
use crate::{Error, Result};

/// How old what is known of a token may get before it is read again. Revoking it ends reads within this time.
pub(crate) const FRESH: Duration = Duration::from_secs(10);
/// The same of one whose tenant is suspended, and may go on.
const SOON: Duration = Duration::from_secs(1);
/// How long a text that is not presented any more is remembered.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);
/// The most texts that are remembered.
const MOST: u64 = 10_000;
/// How long a text that is not known yet waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

type Digest = [u8; 32];

/// Everything that a process knows about tokens.
pub(crate) struct Verifier {
    key: Hmac<Sha256>,
    known: Cache<Digest, Arc<Known>>,
    /// One lookup of what is not known yet at a time, so that a flood of it leaves the database to others.
    strangers: Semaphore,
    /// One slow hash for every two cores at a time.
    hashing: Arc<Semaphore>,
    hashed: AtomicU64,
    /// Tokens that have just been seen to stand, for streams.
    standing: Cache<TokenId, ()>,
    /// One look for them at a time: the many streams of a token need one together.
    watching: Semaphore,
}

/// A text that fits a stored hash.
pub(super) struct Known {
    pub(super) tenant: TenantId,
    pub(super) grant: Grant,
    hash: String,
    read_at: Instant,
    expires_at: Option<Instant>,
    is_suspended: bool,
}

impl Known {
    fn is_fresh(&self) -> bool {
        self.read_at.elapsed() < if self.is_suspended { SOON } else { FRESH }
    }

    /// What stands, or why it may not be used.
    fn allowed(self: Arc<Self>) -> Result<Arc<Self>> {
        if self.expires_at.is_some_and(|end| end <= Instant::now()) {
            Err(Error::Unauthenticated)
        } else if self.is_suspended {
            Err(Error::TenantSuspended { tenant: self.tenant.to_string() })
        } else {
            Ok(self)
        }
    }
}

/// What the database says about a token, and whether its last use should be noted.
pub(super) struct Read {
    pub(super) known: Arc<Known>,
    pub(super) is_stale: bool,
}

impl Verifier {
    pub(crate) fn new() -> Self {
        let mut key = [0; 32];
        rand::rng().fill_bytes(&mut key);
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            key: Hmac::new_from_slice(&key).expect("HMAC takes a key of any length"),
            known: Cache::builder().max_capacity(MOST).time_to_idle(REMEMBERED).build(),
            strangers: Semaphore::new(1),
            hashing: Arc::new(Semaphore::new((cores / 2).max(1))),
            hashed: AtomicU64::new(0),
            standing: Cache::builder().max_capacity(MOST).time_to_live(FRESH).build(),
            watching: Semaphore::new(1),
        }
    }

    /// How many secrets have been hashed slowly.
    pub(crate) fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// Whether a token still stood not long ago. `look` asks the database.
    pub(crate) async fn stands(&self, token: TokenId, look: impl AsyncFnOnce() -> Result<bool>) -> Result<bool> {
        if self.standing.contains_key(&token) {
            return Ok(true);
        }
        let _turn = self.watching.acquire().await.map_err(Error::internal)?;
        if self.standing.contains_key(&token) {
            return Ok(true);
        }
        let stands = look().await?;
        if stands {
            self.standing.insert(token, ());
        }
        Ok(stands)
    }

    /// Forgets a token that has been revoked here.
    pub(crate) fn forget(&self, token: TokenId) {
        self.standing.invalidate(&token);
        let of_it = self.known.iter().filter(|(_, known)| known.grant.token_id() == Some(token));
        for digest in of_it.map(|(digest, _)| *digest).collect::<Vec<_>>() {
            self.known.invalidate(&digest);
        }
    }

    /// Verifies a text. `look` reads the tokens that begin as it does.
    pub(super) async fn verify<Fut>(&self, text: &str, look: impl Fn() -> Fut) -> Result<Read>
    where
        Fut: Future<Output = Result<Vec<PresentedRow>>>,
    {
        let presented = Presented::read(text).ok_or(Error::Unauthenticated)?;
        let mut mac = self.key.clone();
        mac.update(text.as_bytes());
        let digest: Digest = mac.finalize().into_bytes().into();
        if let Some(known) = self.known.get(&digest) {
            if known.is_fresh() {
                return Ok(Read { known: known.allowed()?, is_stale: false });
            }
            let rows = look().await?;
            let Some(row) = rows.into_iter().find(|row| row.hash == known.hash) else {
                self.known.invalidate(&digest);
                return Err(Error::Unauthenticated);
            };
            return self.remember(digest, row);
        }
        let _turn = self.turn(&self.strangers).await?;
        // another request with the same text may have come first
        if let Some(known) = self.known.get(&digest).filter(|known| known.is_fresh()) {
            return Ok(Read { known: known.allowed()?, is_stale: false });
        }
        let tag = presented.tag();
        for row in look().await? {
            if bool::from(row.tag.ct_eq(&tag)) && self.fits(presented.secret, row.hash.clone()).await? {
                return self.remember(digest, row);
            }
        }
        Err(Error::Unauthenticated)
    }

    /// The slow hash of a new secret.
    pub(super) async fn hash(&self, secret: &str) -> Result<String> {
        let secret = secret.to_owned();
        self.slowly(move || argon2().hash_password(secret.as_bytes()).map(|hash| hash.to_string()))
            .await?
            .map_err(|error| Error::internal(error.to_string()))
    }

    async fn fits(&self, secret: &str, hash: String) -> Result<bool> {
        let secret = secret.to_owned();
        self.slowly(move || {
            let hash = PasswordHash::new(&hash).map_err(|error| error.to_string())?;
            Ok(argon2().verify_password(secret.as_bytes(), &hash).is_ok())
        })
        .await?
        .map_err(|error: String| Error::internal(error))
    }

    /// Runs a slow hash where it holds up nobody.
    async fn slowly<T: Send + 'static>(&self, hash: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let turn = self.hashing.clone().acquire_owned().await.map_err(Error::internal)?;
        self.hashed.fetch_add(1, Ordering::Relaxed);
        // the turn ends with the hash, also where the caller has gone
        let hash = move || {
            let hash = hash();
            drop(turn);
            hash
        };
        tokio::task::spawn_blocking(hash).await.map_err(Error::internal)
    }

    async fn turn<'a>(&self, of: &'a Semaphore) -> Result<tokio::sync::SemaphorePermit<'a>> {
        match tokio::time::timeout(PATIENCE, of.acquire()).await {
            Ok(permit) => permit.map_err(Error::internal),
            Err(_) => {
                Err(crate::db::unavailable("Too many tokens that are not known yet are presented at once. Try again."))
            }
        }
    }

    fn remember(&self, digest: Digest, row: PresentedRow) -> Result<Read> {
        let tenant: TenantId = row.tenant_id.parse()?;
        let now = Instant::now();
        let expires_at = row.expires_in.map(|seconds| now + Duration::from_secs_f64(seconds.clamp(0.0, 1e9)));
        let grant = Grant::of_token(row.id.into(), row.actor(), row.scope());
        let is_suspended = row.is_suspended;
        let known = Arc::new(Known { tenant, grant, hash: row.hash, read_at: now, expires_at, is_suspended });
        self.known.insert(digest, known.clone());
        Ok(Read { known: known.allowed()?, is_stale: row.is_stale })
    }
}

/// OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
fn argon2() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).expect("they are within bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}
