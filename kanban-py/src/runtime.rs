//! The tokio runtime that all clients of this process share.

use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::PyResult;
use tokio::runtime::Runtime;

struct Owned {
    pid: u32,
    runtime: Runtime,
}

static CURRENT: AtomicPtr<Owned> = AtomicPtr::new(std::ptr::null_mut());

/// The runtime of this process. A fork takes the memory of its parent's runtime along but none of its threads, so a child
/// gets a new one; the old one is left as it is, for its sockets and its epoll set are the parent's too.
pub(crate) fn get() -> PyResult<&'static Runtime> {
    let pid = std::process::id();
    let mut current = CURRENT.load(Ordering::Acquire);
    loop {
        // SAFETY: what is stored here came from `Box::into_raw` and is never freed
        if let Some(owned) = unsafe { current.as_ref() }
            && owned.pid == pid
        {
            return Ok(&owned.runtime);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("kanban").build()?;
        let new = Box::into_raw(Box::new(Owned { pid, runtime }));
        match CURRENT.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: as above
            Ok(_) => return Ok(unsafe { &(*new).runtime }),
            Err(other) => {
                // another thread was faster; SAFETY: nobody else has seen this one
                drop(unsafe { Box::from_raw(new) });
                current = other;
            }
        }
    }
}
