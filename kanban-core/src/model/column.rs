//! Columns.

use serde::Deserialize;

use super::ColumnId;
use super::check::Check;
use crate::Result;

/// Where on its board a column goes; at the end when nothing is given. Give at most one.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ColumnPlace {
    /// Right behind this column of the same board.
    #[serde(default)]
    pub after_id: Option<ColumnId>,
    /// Right before this column of the same board.
    #[serde(default)]
    pub before_id: Option<ColumnId>,
    /// Zero-based place on the board; the end when it has fewer columns.
    #[cfg_attr(feature = "openapi", schema(maximum = 2147483647))]
    #[serde(default)]
    pub position: Option<u32>,
}

impl ColumnPlace {
    /// The first place of the board.
    pub fn first() -> Self {
        Self { position: Some(0), ..Self::default() }
    }

    /// Right behind another column.
    pub fn after(column: ColumnId) -> Self {
        Self { after_id: Some(column), ..Self::default() }
    }

    /// Right before another column.
    pub fn before(column: ColumnId) -> Self {
        Self { before_id: Some(column), ..Self::default() }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        check.place(self.after_id.is_some(), self.before_id.is_some(), self.position);
        check.done()
    }
}
