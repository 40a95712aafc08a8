//! Pages and their cursors: opaque, signed, and bound to the query they came from.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{Error, Result};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The things on this page.
    pub items: Vec<T>,
    /// Asks for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// Which page of a list, and how long.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct ListPage {
    /// The most things on the page: 1 to 200, 50 when absent.
    pub limit: u32,
    /// The page behind the one that gave this cursor; the first when absent.
    pub cursor: Option<String>,
}

impl Default for ListPage {
    fn default() -> Self {
        Self { limit: 50, cursor: None }
    }
}

impl ListPage {
    /// The first page, of at most `limit` things.
    pub fn first(limit: u32) -> Self {
        Self { limit, cursor: None }
    }

    /// How many rows to read: one more than the page shows, to know whether another follows.
    pub(crate) fn rows(&self) -> Result<i64> {
        if (1..=200).contains(&self.limit) {
            Ok(i64::from(self.limit) + 1)
        } else {
            Err(Error::invalid("/limit", "must be from 1 to 200"))
        }
    }
}

/// Signs cursors; the same in every process on one database.
#[derive(Clone)]
pub(crate) struct CursorKey(Hmac<Sha256>);

/// What a cursor is bound to: the tenant, the operation and its filters.
pub(crate) struct Scope(Vec<u8>);

impl Scope {
    pub(crate) fn of(tenant: &str, operation: &str, filters: &impl Serialize) -> Self {
        let mut scope = format!("{tenant}\0{operation}\0").into_bytes();
        serde_json::to_writer(&mut scope, filters).expect("filters are plain values");
        Self(scope)
    }
}

const TAG_BYTES: usize = 16;

impl CursorKey {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    pub(crate) fn seal(&self, scope: &Scope, place: &impl Serialize) -> String {
        let place = serde_json::to_vec(place).expect("places are plain values");
        let mut bytes = self.tag(scope, &place).to_vec();
        bytes.extend_from_slice(&place);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(crate) fn open<T: DeserializeOwned>(&self, scope: &Scope, cursor: &str) -> Result<T> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|bytes| bytes.len() > TAG_BYTES);
        bytes
            .and_then(|bytes| {
                let (tag, place) = bytes.split_at(TAG_BYTES);
                self.mac(scope, place).verify_truncated_left(tag).ok()?;
                serde_json::from_slice(place).ok()
            })
            .ok_or_else(|| {
                Error::invalid(
                    "/cursor",
                    "is not a cursor of this list; start again without one and keep the same filters",
                )
            })
    }

    /// Cuts the row that was read beyond the page off and turns it into a cursor.
    pub(crate) fn page<R, T, P: Serialize>(
        &self,
        scope: &Scope,
        mut rows: Vec<R>,
        page: &ListPage,
        place: impl Fn(&R) -> P,
        item: impl Fn(R) -> T,
    ) -> Page<T> {
        let has_more = rows.len() > page.limit as usize;
        rows.truncate(page.limit as usize);
        let next_cursor = has_more.then(|| rows.last().map(|row| self.seal(scope, &place(row)))).flatten();
        Page { items: rows.into_iter().map(item).collect(), next_cursor }
    }

    fn mac(&self, scope: &Scope, place: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(&scope.0);
        mac.update(b"\0");
        mac.update(place);
        mac
    }

    fn tag(&self, scope: &Scope, place: &[u8]) -> [u8; TAG_BYTES] {
        let full = self.mac(scope, place).finalize().into_bytes();
        std::array::from_fn(|i| full[i])
    }
}

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey")
    }
}
