//! Serving: from the settings to a listening server, and in good order to its end.

use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use kanban_core::{Actor, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::Config;

use super::{Failure, Settings, print, store, welcome};

/// How long requests in flight have to finish once the server is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Whichever of Ctrl-C and SIGTERM comes first.
pub(super) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    pub(super) async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

pub(super) async fn serve(settings: &Settings) -> Result<(), Failure> {
    let bind = settings.bind;
    // before the database is started: a busy port is told at once
    let listener = TcpListener::bind(bind).await.map_err(|error| {
        format!(
            "Cannot serve on {bind}: {error}. Stop what uses port {}, or choose another with --bind 127.0.0.1:0.",
            bind.port()
        )
    })?;
    let mut stop = Stop::listen()?;
    store::with_migrated(settings, async |store| {
        let config = who_may_call(settings, store).await?;
        let address = listener.local_addr()?;
        print(welcome::text(store, address, !settings.no_demo, config.require_token).await?);
        print(format_args!("listening on http://{address}"));
        run(store, crate::app(store.clone(), &config), listener, &mut stop).await
    })
    .await
}

/// Whether calls need a token. Without one, only this machine may call; and where the database is given, which others may
/// share, not even it, once there are tokens.
async fn who_may_call(settings: &Settings, store: &Store) -> Result<Config, Failure> {
    let bind = settings.bind;
    let has_tokens = store.has_tokens().await?;
    if !bind.ip().is_loopback() && !has_tokens {
        return Err(format!(
            "Cannot serve on {bind}: there is no token to tell callers apart. Create one with `kanban-server token create \
             --name admin --scope admin`, or serve this machine only with --bind 127.0.0.1:{}.",
            bind.port()
        )
        .into());
    }
    let is_needed = !bind.ip().is_loopback() || (settings.url().is_some() && has_tokens);
    let config = Config { require_token: settings.http.require_token || is_needed, ..settings.http.clone() };
    if config.require_token {
        tracing::info!("every call needs a token");
    } else {
        tracing::info!("open to everybody on this machine: a call without a token may do everything");
    }
    Ok(config)
}

async fn run(store: &Store, app: Router, listener: TcpListener, stop: &mut Stop) -> Result<(), Failure> {
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    // an answer is written in one piece: waiting for more to send with it would only delay it
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let server = axum::serve(listener, app).with_graceful_shutdown(async {
        // an error means that nobody can tell any more: stop as well
        let _ = told.await;
    });
    let mut server = tokio::spawn(server.into_future());
    tokio::select! {
        ended = &mut server => return Ok(ended??),
        () = stop.received() => tracing::info!("stopping: requests in flight finish; once more stops at once"),
    }
    let _ = tell.send(());
    // they would go on for ever; their readers go on elsewhere
    store.end_streams();
    tokio::select! {
        ended = tokio::time::timeout(GRACE, server) => match ended {
            Ok(ended) => Ok(ended??),
            Err(_) => {
                tracing::warn!("some requests did not finish in time and are cut off");
                Ok(())
            }
        },
        () = stop.received() => Ok(()),
    }
}

/// Who sets an empty database up.
pub(super) fn setup() -> Actor {
    Actor::system("setup")
}
