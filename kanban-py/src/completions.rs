//! The way back to an event loop: finished operations queue up here, and one byte on a socket wakes the loop for all of
//! them.
//!
//! Waking the loop is what an async call costs most. So the tokio threads never take the interpreter: they queue the
//! answer and write a byte if the queue was empty, and the loop, when it gets round to it, takes every answer there is.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;

use crate::job::Answer;
use crate::{error, runtime};

struct Queue {
    pid: u32,
    finished: Mutex<Vec<(Py<PyAny>, Answer)>>,
    wake: UnixStream,
}

impl Queue {
    fn push(&self, future: Py<PyAny>, answer: Answer) {
        let mut finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        finished.push((future, answer));
        if finished.len() == 1 {
            // a full socket wakes the loop just as well, and a closed one has no loop any more
            let _ = (&self.wake).write(&[1]);
        }
    }
}

impl Drop for Queue {
    /// Answers that nobody fetched: the loop ended while their operations ran, or a fork took the queue along.
    fn drop(&mut self) {
        let finished = std::mem::take(self.finished.get_mut().unwrap_or_else(PoisonError::into_inner));
        if finished.is_empty() {
            return;
        }
        if self.pid != std::process::id() {
            std::mem::forget(finished);
            return;
        }
        // an answer may hold a store, whose connections are given back by a task
        let _context = runtime::get().map(tokio::runtime::Runtime::enter);
        drop(finished);
    }
}

/// The finished operations of one event loop.
#[pyclass(frozen, module = "kanban_py._kanban")]
pub(crate) struct Completions {
    queue: Arc<Queue>,
    woken: UnixStream,
}

#[pymethods]
impl Completions {
    #[new]
    fn new() -> PyResult<Self> {
        let (woken, wake) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        wake.set_nonblocking(true)?;
        Ok(Self { queue: Arc::new(Queue { pid: std::process::id(), finished: Mutex::default(), wake }), woken })
    }

    /// What the loop watches for reading.
    fn fileno(&self) -> i32 {
        self.woken.as_raw_fd()
    }

    /// Gives every finished operation's result to its future. The loop calls it when the socket can be read.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        // first the bytes, then the queue: what comes in between wakes the loop once too often, never too rarely
        let mut bytes = [0; 64];
        while (&self.woken).read(&mut bytes).is_ok_and(|read| read == bytes.len()) {}
        let finished = std::mem::take(&mut *self.queue.finished.lock().unwrap_or_else(PoisonError::into_inner));
        let _context = runtime::get().map(tokio::runtime::Runtime::enter);
        for (future, answer) in finished {
            let future = future.bind(py);
            // its task was cancelled; the operation is done all the same
            if future.call_method0(intern!(py, "done"))?.is_truthy()? {
                continue;
            }
            match answer(py) {
                Ok(result) => future.call_method1(intern!(py, "set_result"), (result,))?,
                Err(error) => future.call_method1(intern!(py, "set_exception"), (error.into_value(py),))?,
            };
        }
        Ok(())
    }
}

/// A future that is owed an answer, and gets one even if the operation panics.
pub(crate) struct Completion {
    queue: Arc<Queue>,
    future: Option<Py<PyAny>>,
}

impl Completion {
    pub(crate) fn new(completions: &Completions, future: Py<PyAny>) -> Self {
        Self { queue: Arc::clone(&completions.queue), future: Some(future) }
    }

    pub(crate) fn finish(mut self, answer: Answer) {
        if let Some(future) = self.future.take() {
            self.queue.push(future, answer);
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if let Some(future) = self.future.take() {
            self.queue.push(future, Box::new(|py| Err(error::internal(py))));
        }
    }
}
