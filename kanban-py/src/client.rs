//! The client: a store, who acts on it, and the table of all operations.

use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use kanban_core::{Actor, ActorKind, Epoch, JsonObject, Kanban, Store};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::Arguments;
use crate::job::{Job, work, work_into};
use crate::{
    agent, attachment, blocker, board, bulk, card, column, comment, dependency, error, event, from_python, import,
    metrics, runtime, search, tenant, token, undo, upkeep, watch, workspace,
};

/// An open store, shared by all handles on it.
pub(crate) struct Opened {
    pid: u32,
    store: Store,
    closed: AtomicBool,
}

/// Every store that is open, to be closed when the interpreter exits.
static OPENED: Mutex<Vec<Weak<Opened>>> = Mutex::new(Vec::new());

impl Opened {
    fn new(store: Store) -> Arc<Self> {
        let opened = Arc::new(Self { pid: std::process::id(), store, closed: AtomicBool::new(false) });
        let mut all = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|opened| opened.strong_count() > 0);
        all.push(Arc::downgrade(&opened));
        opened
    }

    fn is_mine(&self) -> bool {
        self.pid == std::process::id()
    }

    async fn close(&self) -> kanban_core::Result<()> {
        if self.closed.swap(true, Ordering::AcqRel) { Ok(()) } else { self.store.close().await }
    }
}

impl Drop for Opened {
    /// Nobody closed it: the last handle was forgotten, or the task that opened it was cancelled.
    fn drop(&mut self) {
        if let (true, false, Ok(runtime)) = (self.is_mine(), *self.closed.get_mut(), runtime::get()) {
            let store = self.store.clone();
            runtime.spawn(async move { store.close().await });
        }
    }
}

/// One tenant's boards as one actor sees and changes them.
#[pyclass(frozen, module = "kanban_py._kanban")]
pub(crate) struct Client {
    opened: ManuallyDrop<Arc<Opened>>,
    kanban: ManuallyDrop<Kanban>,
}

impl Client {
    fn new(py: Python<'_>, opened: Arc<Opened>, tenant: &str, actor: Actor) -> PyResult<Self> {
        let kanban = opened.store.tenant(tenant, actor).map_err(|error| error::to_python(py, &error))?;
        Ok(Self { opened: ManuallyDrop::new(opened), kanban: ManuallyDrop::new(kanban) })
    }

    /// Sockets and locks that were open before a fork are the parent's; using them here would hang or break both.
    fn check(&self, py: Python<'_>) -> PyResult<()> {
        if !self.opened.is_mine() {
            Err(error::forked(py))
        } else if self.opened.closed.load(Ordering::Acquire) {
            Err(error::closed(py))
        } else {
            Ok(())
        }
    }
}

#[pymethods]
impl Client {
    /// Reads the keyword arguments of an operation and answers it as a job.
    fn prepare(&self, py: Python<'_>, operation: &str, arguments: Bound<'_, PyDict>) -> PyResult<Job> {
        self.check(py)?;
        let kanban = Kanban::clone(&self.kanban);
        let a = Arguments::new(arguments);
        let work = match operation {
            "create_workspace" => workspace::create_workspace(kanban, &a),
            "get_workspace" => workspace::get_workspace(kanban, &a),
            "list_workspaces" => workspace::list_workspaces(kanban, &a),
            "update_workspace" => workspace::update_workspace(kanban, &a),
            "delete_workspace" => workspace::delete_workspace(kanban, &a),
            "create_board" => board::create_board(kanban, &a),
            "get_board" => board::get_board(kanban, &a),
            "list_boards" => board::list_boards(kanban, &a),
            "update_board" => board::update_board(kanban, &a),
            "delete_board" => board::delete_board(kanban, &a),
            "create_column" => column::create_column(kanban, &a),
            "get_column" => column::get_column(kanban, &a),
            "update_column" => column::update_column(kanban, &a),
            "reorder_column" => column::reorder_column(kanban, &a),
            "delete_column" => column::delete_column(kanban, &a),
            "create_card" => card::create_card(kanban, &a),
            "get_card" => card::get_card(kanban, &a),
            "list_cards" => card::list_cards(kanban, &a),
            "pick_cards" => card::pick_cards(kanban, &a),
            "update_card" => card::update_card(kanban, &a),
            "move_card" => card::move_card(kanban, &a),
            "reorder_card" => card::reorder_card(kanban, &a),
            "delete_card" => card::delete_card(kanban, &a),
            "restore_card" => card::restore_card(kanban, &a),
            "bulk" => bulk::bulk(kanban, &a),
            "undo" => undo::undo(kanban, &a),
            "next_tasks" => agent::next_tasks(kanban, &a),
            "claim_next" => agent::claim_next(kanban, &a),
            "claim_card" => agent::claim_card(kanban, &a),
            "heartbeat" => agent::heartbeat(kanban, &a),
            "release_card" => agent::release_card(kanban, &a),
            "complete_card" => agent::complete_card(kanban, &a),
            "add_dependency" => dependency::add_dependency(kanban, &a),
            "remove_dependency" => dependency::remove_dependency(kanban, &a),
            "list_dependencies" => dependency::list_dependencies(kanban, &a),
            "blockers" => blocker::blockers(kanban, &a),
            "unblocks" => blocker::unblocks(kanban, &a),
            "critical_chain" => blocker::critical_chain(kanban, &a),
            "board_critical_chain" => blocker::board_critical_chain(kanban, &a),
            "board_metrics" => metrics::board_metrics(kanban, &a),
            "forecast" => metrics::forecast(kanban, &a),
            "agent_summary" => metrics::agent_summary(kanban, &a),
            "create_comment" => comment::create_comment(kanban, &a),
            "get_comment" => comment::get_comment(kanban, &a),
            "list_comments" => comment::list_comments(kanban, &a),
            "delete_comment" => comment::delete_comment(kanban, &a),
            "search" => search::search(kanban, &a),
            "create_attachment" => attachment::create_attachment(kanban, &a),
            "get_attachment" => attachment::get_attachment(kanban, &a),
            "list_attachments" => attachment::list_attachments(kanban, &a),
            "delete_attachment" => attachment::delete_attachment(kanban, &a),
            "list_events" => event::list_events(kanban, &a),
            "list_audit" => event::list_audit(kanban, &a),
            "list_changes" => event::list_changes(kanban, &a),
            "watch" => watch::watch(kanban, &a),
            "create_token" => token::create_token(kanban, &a),
            "get_token" => token::get_token(kanban, &a),
            "list_tokens" => token::list_tokens(kanban, &a),
            "revoke_token" => token::revoke_token(kanban, &a),
            "create_tenant" => tenant::create_tenant(kanban, &a),
            "get_tenant" => tenant::get_tenant(kanban, &a),
            "list_tenants" => tenant::list_tenants(kanban, &a),
            "suspend_tenant" => tenant::suspend_tenant(kanban, &a),
            "resume_tenant" => tenant::resume_tenant(kanban, &a),
            "delete_tenant" => tenant::delete_tenant(kanban, &a),
            "import_beads" => import::import_beads(kanban, &a),
            "examine" => upkeep::examine(kanban),
            "seed_demo" => upkeep::seed_demo(kanban),
            other => Err(pyo3::exceptions::PyValueError::new_err(format!("there is no operation {other}"))),
        };
        work.map(Job::new)
    }

    /// Brings the schema up to date.
    fn migrate(&self, py: Python<'_>) -> PyResult<Job> {
        self.check(py)?;
        let store = self.opened.store.clone();
        Ok(Job::new(work(async move { store.migrate().await })))
    }

    /// Closes the store for every handle on it. Closing it again does nothing.
    fn close(&self, py: Python<'_>) -> PyResult<Job> {
        if !self.opened.is_mine() {
            return Err(error::forked(py));
        }
        let opened = Arc::clone(&self.opened);
        Ok(Job::new(work(async move { opened.close().await })))
    }

    /// Whether somebody has closed the store, or a fork has taken it out of reach.
    #[getter]
    fn closed(&self) -> bool {
        !self.opened.is_mine() || self.opened.closed.load(Ordering::Acquire)
    }

    /// The same store for another actor.
    fn with_actor(&self, py: Python<'_>, actor: Bound<'_, PyDict>) -> PyResult<Self> {
        self.check(py)?;
        let actor = read_actor(&Arguments::new(actor))?;
        let kanban = self.kanban.acting_as(actor).map_err(|error| error::to_python(py, &error))?;
        Ok(Self { opened: self.opened.clone(), kanban: ManuallyDrop::new(kanban) })
    }

    /// The same handle, every write of it under one claim.
    fn under_claim(&self, py: Python<'_>, arguments: Bound<'_, PyDict>) -> PyResult<Self> {
        self.check(py)?;
        let epoch: Epoch = Arguments::new(arguments).epoch()?;
        let kanban = Kanban::clone(&self.kanban).under_claim(epoch);
        Ok(Self { opened: self.opened.clone(), kanban: ManuallyDrop::new(kanban) })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // in a forked child its sockets are registered with the parent's epoll set: dropping them would deafen the parent
        if !self.opened.is_mine() {
            return;
        }
        // connections may be returned by a task
        let _context = runtime::get().map(tokio::runtime::Runtime::enter);
        // SAFETY: nobody uses them after this
        unsafe {
            ManuallyDrop::drop(&mut self.kanban);
            ManuallyDrop::drop(&mut self.opened);
        }
    }
}

/// Opens the embedded database in a folder.
#[pyfunction]
pub(crate) fn open(path: PathBuf, tenant: Bound<'_, PyAny>, actor: Bound<'_, PyDict>) -> PyResult<Job> {
    let tenant = from_python::read("tenant", &tenant)?;
    let actor = read_actor(&Arguments::new(actor))?;
    Ok(opening(open_store(path), tenant, actor))
}

#[cfg(feature = "embedded")]
async fn open_store(path: PathBuf) -> kanban_core::Result<Arc<Opened>> {
    Store::open(path).await.map(Opened::new)
}

#[cfg(not(feature = "embedded"))]
async fn open_store(_: PathBuf) -> kanban_core::Result<Arc<Opened>> {
    let detail = "This kanban_py was built without the embedded database. Use connect(url), or install a full build.";
    Err(kanban_core::Error::Embedded { detail: detail.to_owned() })
}

/// Connects to a PostgreSQL by URL.
#[pyfunction]
pub(crate) fn connect(
    url: Bound<'_, PyAny>,
    migrate: bool,
    tenant: Bound<'_, PyAny>,
    actor: Bound<'_, PyDict>,
) -> PyResult<Job> {
    let (url, tenant): (String, _) = (from_python::read("url", &url)?, from_python::read("tenant", &tenant)?);
    let actor = read_actor(&Arguments::new(actor))?;
    let store = async move {
        let opened = Opened::new(Store::connect(&url).await?);
        if migrate {
            opened.store.migrate().await?;
        }
        Ok(opened)
    };
    Ok(opening(store, tenant, actor))
}

/// Closes every store that is still open, for at most as long as it says. For the end of the interpreter.
#[pyfunction]
pub(crate) fn close_all(py: Python<'_>, seconds: f64) -> PyResult<()> {
    // in a forked child the lock may be held by a thread that does not exist here
    let Ok(mut all) = OPENED.try_lock() else { return Ok(()) };
    let open: Vec<_> = all.drain(..).filter_map(|opened| opened.upgrade()).collect();
    drop(all);
    let (mine, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|opened| opened.is_mine());
    std::mem::forget(others);
    if mine.is_empty() {
        return Ok(());
    }
    let runtime = runtime::get()?;
    py.detach(|| {
        let closing = async {
            for opened in &mine {
                // there is nobody left to tell
                let _ = opened.close().await;
            }
        };
        let _ = runtime.block_on(async { tokio::time::timeout(Duration::from_secs_f64(seconds), closing).await });
    });
    Ok(())
}

fn opening(
    opened: impl Future<Output = kanban_core::Result<Arc<Opened>>> + Send + 'static,
    tenant: String,
    actor: Actor,
) -> Job {
    Job::new(work_into(opened, move |py, opened| Ok(Py::new(py, Client::new(py, opened, &tenant, actor)?)?.into_any())))
}

fn read_actor(arguments: &Arguments<'_>) -> PyResult<Actor> {
    let kind: ActorKind = arguments.take("kind")?;
    let id: String = arguments.take("id")?;
    let run_id: Option<String> = arguments.take("run_id")?;
    let context: Option<JsonObject> = arguments.take("context")?;
    let actor = match kind {
        ActorKind::Agent => Actor::agent(id),
        ActorKind::Human => Actor::human(id),
        ActorKind::System => Actor::system(id),
    };
    Ok(Actor { run_id, context, ..actor })
}
