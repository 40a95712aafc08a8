//! From the core's error to the exception of `kanban_py.errors`: the one match on its kind.

use kanban_core::{Error, ErrorKind};
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use serde_json::json;

/// The class for a kind; `kanban_py.errors` refines a conflict by its code.
fn class_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid => "Invalid",
        ErrorKind::NotFound => "NotFound",
        ErrorKind::VersionMismatch => "VersionConflict",
        ErrorKind::Conflict => "Conflict",
        ErrorKind::Unauthenticated => "Unauthenticated",
        ErrorKind::Forbidden => "PermissionDenied",
        ErrorKind::RateLimited => "RateLimited",
        ErrorKind::Unavailable => "Unavailable",
        ErrorKind::Internal => "KanbanError",
    }
}

pub(crate) fn to_python(py: Python<'_>, error: &Error) -> PyErr {
    let details = error.details().to_string();
    raise(py, class_name(error.kind()), error.code(), &error.to_string(), &details, error.is_retryable())
}

/// An input that breaks a rule before the core sees it.
pub(crate) fn invalid(py: Python<'_>, pointer: &str, detail: &str) -> PyErr {
    let details = json!({ "errors": [{ "pointer": pointer, "detail": detail }] }).to_string();
    raise(py, "Invalid", "invalid", &format!("The input is not valid: {pointer} {detail}."), &details, false)
}

pub(crate) fn closed(py: Python<'_>) -> PyErr {
    raise(py, "KanbanError", "closed", "This kanban is closed. Open or connect it again.", "{}", false)
}

pub(crate) fn forked(py: Python<'_>) -> PyErr {
    let sentence = "This kanban was opened before the process forked and cannot be used in the child. Open or connect one \
                    in the child, or start processes with multiprocessing's 'spawn' method.";
    raise(py, "KanbanError", "forked", sentence, "{}", false)
}

pub(crate) fn internal(py: Python<'_>) -> PyErr {
    raise(py, "KanbanError", "internal", "Something went wrong inside. This is a defect of kanban_py.", "{}", false)
}

fn raise(py: Python<'_>, class: &str, code: &str, message: &str, details: &str, retryable: bool) -> PyErr {
    static BUILD: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let build =
        BUILD.get_or_try_init(py, || Ok::<_, PyErr>(py.import("kanban_py.errors")?.getattr("from_core")?.unbind()));
    let exception = build.and_then(|build| build.bind(py).call1((class, code, message, details, retryable)));
    match exception.map(|exception| exception.cast_into::<PyBaseException>()) {
        Ok(Ok(exception)) => PyErr::from_value(exception.into_any()),
        Ok(Err(error)) => error.into(),
        Err(error) => error,
    }
}
