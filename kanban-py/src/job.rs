//! One operation on its way: prepared, then run by a sync caller or started by an async one.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use serde::Serialize;

use crate::completions::{Completion, Completions};
use crate::{error, runtime, to_python};

/// Builds the result, or raises the error, once the caller holds the interpreter again.
pub(crate) type Answer = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// The work itself. It never touches Python, so it runs while Python does other things.
pub(crate) type Work = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// How often a sync call looks whether Ctrl-C was pressed.
const SIGNAL_POLL: Duration = Duration::from_millis(50);

/// An operation that answers a value of the core.
pub(crate) fn work<T>(operation: impl Future<Output = kanban_core::Result<T>> + Send + 'static) -> Work
where
    T: Serialize + Send + 'static,
{
    work_into(operation, |py, value| to_python::to_python(py, &value))
}

/// The same for a value that serde flattens and so cannot name: `class` is the name.
pub(crate) fn work_as<T>(
    class: &'static str,
    operation: impl Future<Output = kanban_core::Result<T>> + Send + 'static,
) -> Work
where
    T: Serialize + Send + 'static,
{
    work_into(operation, move |py, value| to_python::to_python_as(py, class, &value))
}

/// An operation with a way of its own to show its result.
pub(crate) fn work_into<T: Send + 'static>(
    operation: impl Future<Output = kanban_core::Result<T>> + Send + 'static,
    show: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
) -> Work {
    Box::pin(async move {
        match operation.await {
            Ok(value) => Box::new(move |py: Python<'_>| show(py, value)) as Answer,
            Err(error) => Box::new(move |py: Python<'_>| Err(error::to_python(py, &error))),
        }
    })
}

/// An operation that is ready to go.
#[pyclass(frozen, module = "kanban_py._kanban")]
pub(crate) struct Job {
    pid: u32,
    // taken by whoever goes first; a job is done once
    work: Mutex<Option<Work>>,
}

impl Job {
    pub(crate) fn new(work: Work) -> Self {
        Self { pid: std::process::id(), work: Mutex::new(Some(work)) }
    }

    fn take(&self) -> PyResult<Work> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.take().ok_or_else(|| PyRuntimeError::new_err("this job was taken already"))
    }
}

#[pymethods]
impl Job {
    /// Does it on this thread, with the interpreter released, and answers its result.
    ///
    /// On Ctrl-C the caller is released at once and the operation goes on to its end behind it: nothing is half done.
    fn run(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let mut work = self.take()?;
        let runtime = runtime::get()?;
        loop {
            let answer = py.detach(|| runtime.block_on(async { tokio::time::timeout(SIGNAL_POLL, &mut work).await }));
            match answer {
                Ok(answer) => return answer(py),
                Err(_) => {
                    if let Err(interrupt) = py.check_signals() {
                        runtime.spawn(work);
                        return Err(interrupt);
                    }
                }
            }
        }
    }

    /// Starts it in the background; its result goes to the future on the event loop that `completions` serves.
    ///
    /// It runs to its end whatever becomes of the future, so cancelling a task leaves a whole change or none.
    fn start(&self, completions: &Completions, future: Py<PyAny>) -> PyResult<()> {
        let work = self.take()?;
        let completion = Completion::new(completions, future);
        runtime::get()?.spawn(async move { completion.finish(work.await) });
        Ok(())
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let work = self.work.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if self.pid != std::process::id() {
            std::mem::forget(work);
        }
    }
}
