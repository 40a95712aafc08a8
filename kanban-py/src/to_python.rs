//! From the core's results to frozen Python objects, without a detour through JSON text.
//!
//! The core's types say their own name and members when they are serialized. Each becomes an instance of the dataclass
//! that `kanban_py._records` lists under that name; lists become tuples, moments aware datetimes, days dates, JSON members what
//! `json.loads` makes of them.

use std::collections::HashMap;
use std::fmt::Display;

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDate, PyDateTime, PyDict, PyFloat, PyInt, PyString, PyTuple, PyType, PyTzInfo};
use serde::ser::{self, Impossible, Serialize, Serializer};

/// The name under which serde_json hands out JSON text that is not to be looked into.
const RAW_JSON: &str = "$serde_json::private::RawValue";

pub(crate) fn to_python(py: Python<'_>, value: &impl Serialize) -> PyResult<Py<PyAny>> {
    Ok(value.serialize(ToPython { py, map_class: None })?.unbind())
}

/// The same for a value with flattened members, which serde presents as a map without a name.
pub(crate) fn to_python_as(py: Python<'_>, class: &'static str, value: &impl Serialize) -> PyResult<Py<PyAny>> {
    Ok(value.serialize(ToPython { py, map_class: Some(class) })?.unbind())
}

/// A result class and its members in the order in which the core names them.
struct Record {
    class: Py<PyType>,
    members: Vec<Member>,
}

struct Member {
    name: String,
    interned: Py<PyString>,
    /// What it is where the core leaves it out.
    default: Py<PyAny>,
}

fn record(py: Python<'_>, name: &str) -> PyResult<&'static Record> {
    static RECORDS: PyOnceLock<HashMap<String, Record>> = PyOnceLock::new();
    let records = RECORDS.get_or_try_init(py, || {
        let classes = py.import("kanban_py._records")?.getattr("BY_CORE_NAME")?.cast_into::<PyDict>()?;
        let mut records = HashMap::new();
        for (name, class) in classes {
            let class = class.cast_into::<PyType>()?;
            let missing = py.import("dataclasses")?.getattr("MISSING")?;
            let declared = class.getattr("__dataclass_fields__")?;
            let mut members = Vec::new();
            for name in class.getattr("__match_args__")?.try_iter()? {
                let name: String = name?.extract()?;
                let interned = PyString::intern(py, &name).unbind();
                let default = declared.get_item(&name)?.getattr("default")?;
                let default = if default.is(&missing) { py.None() } else { default.unbind() };
                members.push(Member { name, interned, default });
            }
            records.insert(name.extract()?, Record { class: class.unbind(), members });
        }
        Ok::<_, PyErr>(records)
    })?;
    records.get(name).ok_or_else(|| PyRuntimeError::new_err(format!("kanban_py has no class for {name}")))
}

/// An instance that gets its members one by one, past the `__setattr__` that makes it frozen.
struct Building<'py> {
    record: &'static Record,
    instance: Bound<'py, PyAny>,
    next: usize,
    set: usize,
}

impl<'py> Building<'py> {
    fn new(py: Python<'py>, name: &str) -> PyResult<Self> {
        let record = record(py, name)?;
        let class = record.class.bind(py).as_type_ptr();
        // SAFETY: a dataclass is an ordinary class, whose instances `object.__new__` makes
        let instance = unsafe {
            let instance = pyo3::ffi::PyType_GenericNew(class, std::ptr::null_mut(), std::ptr::null_mut());
            Bound::from_owned_ptr_or_err(py, instance)?
        };
        Ok(Self { record, instance, next: 0, set: 0 })
    }

    fn place(&self, name: &str) -> PyResult<usize> {
        let members = &self.record.members;
        let is_next = members.get(self.next).is_some_and(|member| member.name == name);
        let place = if is_next { Some(self.next) } else { members.iter().position(|member| member.name == name) };
        place.ok_or_else(|| PyRuntimeError::new_err(format!("kanban_py has no member for {name}")))
    }

    fn set(&mut self, name: &str, value: &Bound<'py, PyAny>) -> PyResult<()> {
        let place = self.place(name)?;
        let member = self.record.members[place].interned.bind(value.py());
        // SAFETY: three live objects; it is what `object.__setattr__` does
        let status =
            unsafe { pyo3::ffi::PyObject_GenericSetAttr(self.instance.as_ptr(), member.as_ptr(), value.as_ptr()) };
        if status != 0 {
            return Err(PyErr::fetch(value.py()));
        }
        self.next = place + 1;
        self.set += 1;
        Ok(())
    }

    /// Sets a member that the core leaves out.
    fn leave(&mut self, name: &str) -> PyResult<()> {
        let member = &self.record.members[self.place(name)?];
        let default = member.default.bind(self.instance.py()).clone();
        self.set(name, &default)
    }

    fn done(self) -> PyResult<Bound<'py, PyAny>> {
        if self.set == self.record.members.len() {
            Ok(self.instance)
        } else {
            Err(PyRuntimeError::new_err("the core left a member of a kanban_py class out"))
        }
    }
}

/// Serde's error on the way; what it carries is an exception.
#[derive(Debug)]
pub(crate) struct Failed(PyErr);

impl From<PyErr> for Failed {
    fn from(error: PyErr) -> Self {
        Self(error)
    }
}

impl From<Failed> for PyErr {
    fn from(failed: Failed) -> Self {
        failed.0
    }
}

impl Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failed {}

impl ser::Error for Failed {
    fn custom<T: Display>(message: T) -> Self {
        Self(PyRuntimeError::new_err(message.to_string()))
    }
}

#[derive(Clone, Copy)]
struct ToPython<'py> {
    py: Python<'py>,
    map_class: Option<&'static str>,
}

impl<'py> ToPython<'py> {
    fn inner(self) -> Self {
        Self { map_class: None, ..self }
    }
}

type Made<'py> = Result<Bound<'py, PyAny>, Failed>;

fn unused<T>() -> Result<T, Failed> {
    Err(Failed(PyTypeError::new_err("the core answers no such value")))
}

impl<'py> Serializer for ToPython<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failed;
    type SerializeSeq = Items<'py>;
    type SerializeTuple = Impossible<Self::Ok, Failed>;
    type SerializeTupleStruct = Impossible<Self::Ok, Failed>;
    type SerializeTupleVariant = Impossible<Self::Ok, Failed>;
    type SerializeMap = Members<'py>;
    type SerializeStruct = Fields<'py>;
    type SerializeStructVariant = Impossible<Self::Ok, Failed>;

    fn serialize_bool(self, v: bool) -> Made<'py> {
        Ok(PyBool::new(self.py, v).to_owned().into_any())
    }

    fn serialize_i8(self, v: i8) -> Made<'py> {
        self.serialize_i64(v.into())
    }

    fn serialize_i16(self, v: i16) -> Made<'py> {
        self.serialize_i64(v.into())
    }

    fn serialize_i32(self, v: i32) -> Made<'py> {
        self.serialize_i64(v.into())
    }

    fn serialize_i64(self, v: i64) -> Made<'py> {
        Ok(PyInt::new(self.py, v).into_any())
    }

    fn serialize_u8(self, v: u8) -> Made<'py> {
        self.serialize_i64(v.into())
    }

    fn serialize_u16(self, v: u16) -> Made<'py> {
        self.serialize_i64(v.into())
    }

    fn serialize_u32(self, v: u32) -> Made<'py> {
        self.serialize_i64(v.into())
    }

    fn serialize_u64(self, v: u64) -> Made<'py> {
        Ok(PyInt::new(self.py, v).into_any())
    }

    fn serialize_f32(self, v: f32) -> Made<'py> {
        self.serialize_f64(v.into())
    }

    fn serialize_f64(self, v: f64) -> Made<'py> {
        Ok(PyFloat::new(self.py, v).into_any())
    }

    fn serialize_char(self, v: char) -> Made<'py> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, v: &str) -> Made<'py> {
        Ok(PyString::new(self.py, v).into_any())
    }

    fn serialize_bytes(self, _: &[u8]) -> Made<'py> {
        unused()
    }

    fn serialize_none(self) -> Made<'py> {
        Ok(self.py.None().into_bound(self.py))
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Made<'py> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Made<'py> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Made<'py> {
        unused()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Made<'py> {
        Ok(PyString::intern(self.py, variant).into_any())
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Made<'py> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Made<'py> {
        unused()
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items<'py>, Failed> {
        Ok(Items { to: self.inner(), items: Vec::with_capacity(length.unwrap_or_default()) })
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Failed> {
        unused()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Failed> {
        unused()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Failed> {
        unused()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'py>, Failed> {
        let into = match self.map_class {
            Some(class) => Into::Record(Building::new(self.py, class)?),
            None => Into::Dict(PyDict::new(self.py)),
        };
        Ok(Members { to: self.inner(), into, key: None })
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'py>, Failed> {
        if name == RAW_JSON {
            Ok(Fields::Json(self, None))
        } else {
            Ok(Fields::Record(self.inner(), Building::new(self.py, name)?))
        }
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Failed> {
        unused()
    }

    /// The core writes moments and days in this way, and nothing else that it answers.
    fn collect_str<T: ?Sized + Display>(self, value: &T) -> Made<'py> {
        let text = value.to_string();
        match moment(self.py, &text)?.or(day(self.py, &text)?) {
            Some(time) => Ok(time),
            None => self.serialize_str(&text),
        }
    }
}

/// An aware datetime from `2026-01-02T03:04:05.000006Z`, the core's only spelling of a moment.
fn moment<'py>(py: Python<'py>, text: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    static UTC: PyOnceLock<Py<PyTzInfo>> = PyOnceLock::new();
    let part = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u32>().ok());
    let parts = (part(0, 4), part(5, 7), part(8, 10), part(11, 13), part(14, 16), part(17, 19), part(20, 26));
    let (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second), Some(micro)) = parts else {
        return Ok(None);
    };
    let utc = UTC.get_or_try_init(py, || PyTzInfo::utc(py).map(|utc| utc.to_owned().unbind()))?;
    let [month, day, hour, minute, second] = [month, day, hour, minute, second].map(|part| part as u8);
    let moment = PyDateTime::new(py, year as i32, month, day, hour, minute, second, micro, Some(utc.bind(py)))?;
    Ok(Some(moment.into_any()))
}

/// A date from `2026-01-02`, the core's only spelling of a day.
fn day<'py>(py: Python<'py>, text: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let part = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u16>().ok());
    match (text.len(), part(0, 4), part(5, 7), part(8, 10)) {
        (10, Some(year), Some(month), Some(day)) => {
            Ok(Some(PyDate::new(py, year.into(), month as u8, day as u8)?.into_any()))
        }
        _ => Ok(None),
    }
}

/// What `json.loads` makes of a JSON text.
fn json<'py>(py: Python<'py>, text: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    // most cards carry no JSON at all
    if text.cast::<PyString>()?.to_str()? == "{}" {
        return Ok(PyDict::new(py).into_any());
    }
    LOADS.import(py, "json", "loads")?.call1((text,))
}

struct Items<'py> {
    to: ToPython<'py>,
    items: Vec<Bound<'py, PyAny>>,
}

impl<'py> ser::SerializeSeq for Items<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failed;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Failed> {
        self.items.push(value.serialize(self.to)?);
        Ok(())
    }

    fn end(self) -> Made<'py> {
        Ok(PyTuple::new(self.to.py, self.items)?.into_any())
    }
}

enum Into<'py> {
    Dict(Bound<'py, PyDict>),
    Record(Building<'py>),
}

struct Members<'py> {
    to: ToPython<'py>,
    into: Into<'py>,
    key: Option<Bound<'py, PyAny>>,
}

impl<'py> ser::SerializeMap for Members<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failed;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Failed> {
        self.key = Some(key.serialize(self.to)?);
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Failed> {
        let key = self.key.take().ok_or_else(|| PyRuntimeError::new_err("a value came before its key"))?;
        let value = value.serialize(self.to)?;
        match &mut self.into {
            Into::Dict(dict) => dict.set_item(key, value)?,
            Into::Record(building) => building.set(&key.extract::<String>()?, &value)?,
        }
        Ok(())
    }

    fn end(self) -> Made<'py> {
        match self.into {
            Into::Dict(dict) => Ok(dict.into_any()),
            Into::Record(building) => Ok(building.done()?),
        }
    }
}

enum Fields<'py> {
    Json(ToPython<'py>, Option<Bound<'py, PyAny>>),
    Record(ToPython<'py>, Building<'py>),
}

impl<'py> ser::SerializeStruct for Fields<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failed;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Result<(), Failed> {
        match self {
            Self::Json(to, made) => {
                let text = value.serialize(*to)?;
                *made = Some(json(to.py, &text)?);
            }
            Self::Record(to, building) => {
                let value = value.serialize(*to)?;
                building.set(key, &value)?;
            }
        }
        Ok(())
    }

    /// A member that is left out of JSON is there all the same in Python, as its class says.
    fn skip_field(&mut self, key: &'static str) -> Result<(), Failed> {
        if let Self::Record(_, building) = self {
            building.leave(key)?;
        }
        Ok(())
    }

    fn end(self) -> Made<'py> {
        match self {
            Self::Json(to, made) => made.map_or_else(|| to.serialize_none(), Ok),
            Self::Record(_, building) => Ok(building.done()?),
        }
    }
}
