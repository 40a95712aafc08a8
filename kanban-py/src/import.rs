//! Bringing a board in from another tracker.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;

use kanban_core::Kanban;
use kanban_core::import::{SourceCard, beads};
use pyo3::PyResult;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

use crate::arguments::Arguments;
use crate::error;
use crate::job::{Answer, Work, work};

/// Takes a `path` or a `text`, whichever is not None.
pub(crate) fn import_beads(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let board: String = a.take("board")?;
    let text: Option<String> = a.take("text")?;
    let path: Option<PathBuf> = a.value("path")?.extract()?;
    Ok(Box::pin(async move {
        // reading a file blocks, and parsing thousands of lines takes a while
        let read = tokio::task::spawn_blocking(move || match path {
            Some(path) => read_file(path),
            None => Ok(beads::read(text.unwrap_or_default().as_bytes())),
        });
        match read.await {
            Ok(Ok(Ok(cards))) => work(async move { kanban.import(&board, cards, |_, _| ()).await }).await,
            Ok(Ok(Err(error))) => Box::new(move |py: Python<'_>| Err(error::to_python(py, &error))) as Answer,
            Ok(Err((path, error))) => Box::new(move |_: Python<'_>| Err(unreadable(path, &error))),
            Err(_) => Box::new(|py: Python<'_>| Err(error::internal(py))),
        }
    }))
}

fn read_file(path: PathBuf) -> Result<kanban_core::Result<Vec<SourceCard>>, (PathBuf, io::Error)> {
    // a folder opens like a file and fails at the first line
    let opened = File::open(&path).and_then(|file| match file.metadata()?.is_dir() {
        true => Err(io::Error::from_raw_os_error(21)),
        false => Ok(file),
    });
    match opened {
        Ok(file) => Ok(beads::read(BufReader::new(file))),
        Err(error) => Err((path, error)),
    }
}

/// The exception that Python's own `open` raises.
fn unreadable(path: PathBuf, error: &io::Error) -> PyErr {
    let sentence = error.to_string();
    let sentence = sentence.split(" (os error").next().unwrap_or_default().to_owned();
    PyOSError::new_err((error.raw_os_error(), sentence, path.into_os_string()))
}
