//! Windows of time in which calls are counted.

use std::time::Duration;

use sqlx::types::Uuid;
use time::OffsetDateTime;

use super::{Conn, registered};
use crate::Timestamp;

registered! {
    LEASE_CALLS = "select granted, remaining, ends_in, ends_at from kanban.lease_calls($1, $2, $3, $4, $5)";
}

/// What a process was given of a window's calls.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct LeaseRow {
    granted: i64,
    remaining: i64,
    /// In seconds.
    ends_in: f64,
    ends_at: OffsetDateTime,
}

impl LeaseRow {
    #[cfg(test)]
    pub(crate) fn of(granted: i64, remaining: i64, ends_in: f64, ends_at: Timestamp) -> Self {
        Self { granted, remaining, ends_in, ends_at: ends_at.to_offset_date_time() }
    }

    /// How many it may let in.
    pub(crate) fn granted(&self) -> u32 {
        u32::try_from(self.granted).unwrap_or(0)
    }

    /// How many are left to be given.
    pub(crate) fn remaining(&self) -> u32 {
        u32::try_from(self.remaining).unwrap_or(0)
    }

    /// How long the window still lasts.
    pub(crate) fn ends_in(&self) -> Duration {
        Duration::from_secs_f64(self.ends_in.clamp(0.0, 86_400.0))
    }

    /// When it ends.
    pub(crate) fn ends_at(&self) -> Timestamp {
        self.ends_at.into()
    }
}

pub(crate) async fn lease_calls(
    mut conn: Conn,
    tenant: &str,
    subject: Uuid,
    limit: u32,
    window: Duration,
    wanted: u32,
) -> sqlx::Result<LeaseRow> {
    let seconds = i32::try_from(window.as_secs()).unwrap_or(i32::MAX);
    sqlx::query_as(LEASE_CALLS.sql)
        .bind(tenant)
        .bind(subject)
        .bind(i64::from(limit))
        .bind(seconds)
        .bind(i64::from(wanted))
        .fetch_one(&mut *conn)
        .await
}
