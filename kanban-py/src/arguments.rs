//! The keyword arguments of one call, taken one by one.

use std::str::FromStr;

use kanban_core::{Epoch, Error, Expected, Version};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyString};
use serde::de::DeserializeOwned;

use crate::{error, from_python};

/// What is taken is gone, so that [`rest`](Self::rest) is what remains.
pub(crate) struct Arguments<'py>(Bound<'py, PyDict>);

impl<'py> Arguments<'py> {
    pub(crate) fn new(arguments: Bound<'py, PyDict>) -> Self {
        Self(arguments)
    }

    pub(crate) fn py(&self) -> Python<'py> {
        self.0.py()
    }

    pub(crate) fn value(&self, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let name = PyString::intern(self.py(), name);
        let value = self.0.as_any().get_item(&name)?;
        self.0.del_item(name)?;
        Ok(value)
    }

    /// An argument of any of the core's input types.
    pub(crate) fn take<T: DeserializeOwned>(&self, name: &str) -> PyResult<T> {
        from_python::read(name, &self.value(name)?)
    }

    /// The id or key of something that must exist; text that can be neither names nothing, so it is not found.
    pub(crate) fn named<T: FromStr<Err = Error>>(&self, name: &str) -> PyResult<T> {
        self.take::<String>(name)?.parse().map_err(|error| error::to_python(self.py(), &error))
    }

    /// The version that a guarded write expects: a number, or `ANY`.
    pub(crate) fn version(&self) -> PyResult<Expected> {
        let value = self.value("version")?;
        if from_python::is_any(&value)? {
            return Ok(Expected::Any);
        }
        if !value.is_instance_of::<PyInt>() || value.is_instance_of::<PyBool>() {
            let found = value.get_type().name()?;
            return Err(PyTypeError::new_err(format!("version must be int or kanban_py.ANY, not {found}")));
        }
        from_python::read("version", &value).map(|version| Expected::Version(Version(version)))
    }

    pub(crate) fn epoch(&self) -> PyResult<Epoch> {
        self.take("epoch")
    }

    /// All arguments that were not taken, as the members of an input type.
    pub(crate) fn rest<T: DeserializeOwned>(&self) -> PyResult<T> {
        from_python::read_members(&self.0)
    }
}
