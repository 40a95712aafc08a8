//! A board's stream for Python: one event at a time, none lost to a caller that stopped waiting.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use kanban_core::{BoardRef, Event, Kanban, Watch};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::arguments::Arguments;
use crate::job::{Answer, Job, Work, work_into};
use crate::{error, to_python};

/// What has come and was not handed over yet.
enum Next {
    Nothing,
    Come(Box<kanban_core::Result<Event>>),
    Over,
}

struct Shared {
    /// Gone once it is over or closed.
    watch: tokio::sync::Mutex<Option<Watch>>,
    next: Mutex<Next>,
    is_closed: AtomicBool,
    close: tokio::sync::Notify,
}

impl Shared {
    fn next(&self) -> std::sync::MutexGuard<'_, Next> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next event, unless one is there that nobody has taken.
    async fn fetch(&self) {
        let mut watch = self.watch.lock().await;
        if !matches!(*self.next(), Next::Nothing) {
            return;
        }
        let come = match watch.as_mut().filter(|_| !self.is_closed.load(Ordering::Acquire)) {
            Some(stream) => tokio::select! {
                come = stream.next() => come,
                () = self.close.notified() => None,
            },
            None => None,
        };
        *self.next() = match come {
            Some(come) => Next::Come(Box::new(come)),
            None => {
                *watch = None;
                Next::Over
            }
        };
    }

    fn take(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let mut next = self.next();
        match std::mem::replace(&mut *next, Next::Nothing) {
            Next::Come(come) => match *come {
                Ok(event) => to_python::to_python(py, &event),
                Err(error) => Err(error::to_python(py, &error)),
            },
            Next::Over => {
                *next = Next::Over;
                Ok(py.None())
            }
            Next::Nothing => {
                Err(PyRuntimeError::new_err("two callers wait for the same stream; give each a stream of its own"))
            }
        }
    }
}

/// A stream of a board's events.
#[pyclass(frozen, module = "kanban_py._kanban")]
pub(crate) struct Watcher {
    pid: u32,
    shared: ManuallyDrop<Arc<Shared>>,
}

#[pymethods]
impl Watcher {
    /// Waits for the next event; answers None when the stream is over.
    ///
    /// An event whose caller has stopped waiting stays for the next one: it leaves here only with the answer.
    fn next(&self, py: Python<'_>) -> PyResult<Job> {
        if self.pid != std::process::id() {
            return Err(error::forked(py));
        }
        let shared = Arc::clone(&self.shared);
        Ok(Job::new(Box::pin(async move {
            shared.fetch().await;
            Box::new(move |py: Python<'_>| shared.take(py)) as Answer
        })))
    }

    /// Ends the stream, also for a caller that waits. Ending it again does nothing.
    fn close(&self) {
        if self.pid != std::process::id() {
            return;
        }
        self.shared.is_closed.store(true, Ordering::Release);
        match self.shared.watch.try_lock() {
            Ok(mut watch) => {
                *watch = None;
                *self.shared.next() = Next::Over;
            }
            // somebody waits for it
            Err(_) => self.shared.close.notify_one(),
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.close();
        if self.pid == std::process::id() {
            // SAFETY: nobody uses it after this
            unsafe { ManuallyDrop::drop(&mut self.shared) };
        }
    }
}

pub(crate) fn watch(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let board: BoardRef = a.named("board")?;
    let since: Option<i64> = a.take("since")?;
    let begun = async move { kanban.watch(board, since).await };
    Ok(work_into(begun, |py, watch| {
        let shared = Shared {
            watch: tokio::sync::Mutex::new(Some(watch)),
            next: Mutex::new(Next::Nothing),
            is_closed: AtomicBool::new(false),
            close: tokio::sync::Notify::new(),
        };
        let watcher = Watcher { pid: std::process::id(), shared: ManuallyDrop::new(Arc::new(shared)) };
        Ok(Py::new(py, watcher)?.into_any())
    }))
}
