//! Attachments: what is kept elsewhere and belongs to a card. The bytes are never here.

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::{ActorRef, AttachmentId, CardId, JsonObject, Timestamp, Version, whole};
use crate::Result;

/// More bytes than this a double cannot count, and so neither can JSON for many readers.
const MAX_SIZE: i64 = (1 << 53) - 1;

/// Checksum algorithms, each with the hexadecimal digits of its sums.
const CHECKSUMS: [(&str, usize); 6] =
    [("sha256", 64), ("sha384", 96), ("sha512", 128), ("blake3", 64), ("sha1", 40), ("md5", 32)];

/// What describes a file or page elsewhere that belongs to a card. It is never fetched: what it says is what its creator
/// said.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The card it belongs to.
    pub card_id: CardId,
    /// Its version.
    pub version: Version,
    /// What to call it, such as a file name.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Its media type.
    pub content_type: Option<String>,
    /// Its size in bytes.
    pub size: Option<i64>,
    /// Its checksum: the algorithm, a colon, lower-case hexadecimal digits.
    pub checksum: Option<String>,
    /// Anything its creator keeps with it.
    pub metadata: JsonObject,
    /// Who created it.
    pub created_by: ActorRef,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}

/// An attachment to create.
///
/// ```
/// use kanban_core::NewAttachment;
///
/// let report = NewAttachment {
///     content_type: Some("application/pdf".into()),
///     size: Some(48_213),
///     ..NewAttachment::at("report.pdf", "https://example.org/report.pdf")
/// };
/// assert_eq!(report.checksum, None);
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewAttachment {
    /// What to call it, such as a file name: 1 to 256 characters, none of them a control character.
    #[cfg_attr(feature = "openapi", schema(value_type = super::schema::PlainName))]
    pub name: String,
    /// Where it is: an absolute URL of at most 2048 visible ASCII characters, with the scheme http, https, ftp, ftps, sftp,
    /// s3 or gs, and without user name or password.
    #[cfg_attr(feature = "openapi", schema(value_type = super::schema::WebAddress))]
    pub url: String,
    /// Its media type, such as `text/plain; charset=utf-8` (RFC 6838, RFC 2045): at most 512 characters.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<super::schema::MediaType>))]
    #[serde(default)]
    pub content_type: Option<String>,
    /// Its size in bytes: 0 to 2^53 − 1.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 9_007_199_254_740_991i64))]
    #[serde(default, deserialize_with = "whole")]
    pub size: Option<i64>,
    /// Its checksum: `sha256:` and 64 lower-case hexadecimal digits; or sha384, sha512, blake3, sha1 or md5, each with its
    /// own number of digits.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<super::schema::Checksum>))]
    #[serde(default)]
    pub checksum: Option<String>,
    /// Anything to keep with it, at most 16 KiB.
    #[serde(default)]
    pub metadata: JsonObject,
}

impl NewAttachment {
    /// An attachment of which nothing is known but where it is.
    pub fn at(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self { name: name.into(), url: url.into(), ..Self::default() }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        check.characters("/name", &self.name, 1, 256);
        if self.name.chars().any(|c| c.is_control() && c != '\0') {
            check.fails("/name", "must not contain control characters");
        }
        check.bytes("/url", &self.url, 1, 2048);
        if let Some(fault) = super::web_address::fault(&self.url).filter(|_| !self.url.is_empty()) {
            check.fails("/url", fault);
        }
        if let Some(content_type) = &self.content_type {
            check.bytes("/content_type", content_type, 1, 512);
            if !content_type.is_empty() && !super::media_type::is_media_type(content_type) {
                check
                    .fails("/content_type", "is not a media type such as application/pdf or text/plain; charset=utf-8");
            }
        }
        if self.size.is_some_and(|size| !(0..=MAX_SIZE).contains(&size)) {
            check.fails("/size", format!("must be from 0 to {MAX_SIZE} bytes"));
        }
        if let Some(checksum) = &self.checksum
            && let Some(fault) = checksum_fault(checksum)
        {
            check.fails("/checksum", fault);
        }
        check.object("/metadata", &self.metadata);
        check.done()
    }
}

fn checksum_fault(text: &str) -> Option<String> {
    let Some((algorithm, sum)) = text.split_once(':') else {
        return Some(
            "must be an algorithm, a colon and the sum in hexadecimal digits, such as sha256:9f86…".to_owned(),
        );
    };
    let Some((_, digits)) = CHECKSUMS.iter().find(|(known, _)| *known == algorithm) else {
        let known: Vec<&str> = CHECKSUMS.iter().map(|(known, _)| *known).collect();
        return Some(format!("has an algorithm that is not known; it may be one of {}", known.join(", ")));
    };
    let is_sum = sum.len() == *digits && sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (!is_sum).then(|| format!("must have {digits} lower-case hexadecimal digits behind {algorithm}:"))
}
