//! Tenants: whose boards they are.

use serde::{Deserialize, Serialize};

use super::{TenantId, Timestamp};

/// A tenant: boards, agents and tokens that no other tenant sees.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tenant {
    /// Its name: lower-case letters, digits, `-` and `_`.
    pub id: TenantId,
    /// When it was created.
    pub created_at: Timestamp,
    /// Since when its tokens are refused and nothing of it is changed; null while it works.
    pub suspended_at: Option<Timestamp>,
    /// Since when it is being deleted; its name is never given again.
    pub deleted_at: Option<Timestamp>,
}

/// A tenant to create.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    /// Its name for good: lower-case letters, digits, `-` and `_`, at most 63, the first a letter or digit.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z0-9][a-z0-9_-]{0,62}$"))]
    pub id: String,
}

/// A tenant that was asked for, and whether it is new.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedTenant {
    /// The tenant.
    pub tenant: Tenant,
    /// Whether it was created now.
    pub is_new: bool,
}
