//! The database that the settings name.

use kanban_core::embedded::default_data_dir;
use kanban_core::{Connect, Pooler, Result, Store};

use super::Settings;

/// Opens the embedded database, whose schema is then up to date, or connects to the one that is given.
async fn open(settings: &Settings) -> Result<Store> {
    match settings.url() {
        Some(url) => Store::connect_with(url, Connect { pooler: settings.pooler.into(), ..Connect::default() }).await,
        None => {
            let dir = settings.data_dir.clone().map_or_else(default_data_dir, Ok)?;
            Store::open_with_progress(dir, &|line| tracing::info!("{line}")).await
        }
    }
}

/// Does something with the database as it is and closes it again, however that ends.
pub(super) async fn with<T, E: From<kanban_core::Error>>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Store) -> Result<T, E>,
) -> Result<T, E> {
    let store = open(settings).await?;
    let outcome = work(&store).await;
    let closed = store.close().await;
    let value = outcome?;
    closed?;
    Ok(value)
}

/// The same with the schema brought up to date, or, behind a pooler, found to be so.
pub(super) async fn with_migrated<T, E: From<kanban_core::Error>>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Store) -> Result<T, E>,
) -> Result<T, E> {
    with(settings, async |store| {
        match (settings.url(), settings.pooler.into()) {
            (None, _) => {}
            (Some(_), Pooler::None) => store.migrate().await?,
            (Some(_), Pooler::Transaction) => store.check_schema().await?,
        }
        work(store).await
    })
    .await
}
