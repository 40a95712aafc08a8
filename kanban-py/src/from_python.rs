//! From Python values to the core's inputs, naming exactly what is wrong with which of them.
//!
//! A value of the wrong type is a `TypeError`, as Python says it; a value that breaks a rule is
//! `kanban_py.Invalid` with a JSON pointer, as the core says it.

use std::fmt::{Display, Write};

use pyo3::exceptions::{PyOverflowError, PyRecursionError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDate, PyDateTime, PyDict, PyFloat, PyMapping, PyString, PyTzInfo};
use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};

use crate::error;

/// The name under which serde_json takes JSON text that is not to be looked into.
const RAW_JSON: &str = "$serde_json::private::RawValue";

/// Reads an argument into one of the core's input types.
pub(crate) fn read<T: DeserializeOwned>(name: &str, value: &Bound<'_, PyAny>) -> PyResult<T> {
    T::deserialize(Value { value, member: name }).map_err(|wrong| wrong.below(Step::Member(name)).raise(value.py()))
}

/// Reads keyword arguments into the members of one of the core's input types; those that are `UNSET` are absent.
pub(crate) fn read_members<T: DeserializeOwned>(arguments: &Bound<'_, PyDict>) -> PyResult<T> {
    T::deserialize(Value { value: arguments.as_any(), member: "" }).map_err(|wrong| wrong.raise(arguments.py()))
}

/// The one object that stands for an argument that was not given.
pub(crate) fn is_unset(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    is_sentinel(value, "UNSET")
}

/// The one object that stands for whatever version there is.
pub(crate) fn is_any(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    is_sentinel(value, "ANY")
}

fn is_sentinel(value: &Bound<'_, PyAny>, name: &str) -> PyResult<bool> {
    static SENTINELS: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();
    let py = value.py();
    let sentinels = SENTINELS.get_or_try_init(py, || {
        let module = py.import("kanban_py._sentinels")?;
        Ok::<_, PyErr>([module.getattr("UNSET")?.unbind(), module.getattr("ANY")?.unbind()])
    })?;
    Ok(value.is(&sentinels[usize::from(name == "ANY")]))
}

/// One step on the way to a value.
enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

/// What is wrong with a value, and where.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// JSON pointer to the value.
    pointer: String,
    what: What,
}

#[derive(Debug)]
enum What {
    /// It is of another type: which one is right, which one it has.
    Type(String, String),
    /// It breaks a rule.
    Rule(String),
    /// Python itself raised.
    Raised(PyErr),
}

impl Wrong {
    fn new(what: What) -> Self {
        Self { pointer: String::new(), what }
    }

    fn wanted(wanted: &str, value: &Bound<'_, PyAny>) -> Self {
        let found = value.get_type().name().map_or_else(|_| "something else".to_owned(), |name| name.to_string());
        Self::new(What::Type(wanted.to_owned(), found))
    }

    fn rule(rule: impl Into<String>) -> Self {
        Self::new(What::Rule(rule.into()))
    }

    fn below(mut self, step: Step<'_>) -> Self {
        self.pointer.insert_str(
            0,
            &match step {
                Step::Member(name) => format!("/{name}"),
                Step::Item(place) => format!("/{place}"),
            },
        );
        self
    }

    fn raise(self, py: Python<'_>) -> PyErr {
        match self.what {
            What::Type(wanted, found) => {
                PyTypeError::new_err(format!("{} must be {wanted}, not {found}", python_path(&self.pointer)))
            }
            What::Rule(rule) => error::invalid(py, &self.pointer, &rule),
            What::Raised(error) => error,
        }
    }
}

/// `labels[0]` for `/labels/0`.
fn python_path(pointer: &str) -> String {
    let mut path = String::new();
    for step in pointer.split('/').skip(1) {
        let _ = match step.parse::<usize>() {
            Ok(place) => write!(path, "[{place}]"),
            Err(_) if path.is_empty() => write!(path, "{step}"),
            Err(_) => write!(path, "[{step:?}]"),
        };
    }
    path
}

impl From<PyErr> for Wrong {
    fn from(error: PyErr) -> Self {
        Self::new(What::Raised(error))
    }
}

impl Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: Display>(message: T) -> Self {
        Self::rule(message.to_string())
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::rule(format!("must be one of {}, not {variant:?}", expected.join(", ")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::rule(format!("must have {field}"))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::rule(format!("must not have {field:?}; it takes {}", expected.join(", ")))
    }
}

/// A Python value that is being read, and the name of the member it is for.
struct Value<'a, 'py> {
    value: &'a Bound<'py, PyAny>,
    member: &'a str,
}

impl<'py> Value<'_, 'py> {
    fn text(&self) -> Result<String, Wrong> {
        let text = self.value.cast::<PyString>().map_err(|_| Wrong::wanted("str", self.value))?;
        to_utf8(text)
    }

    fn integer(&self, min: i64, max: i64) -> Result<i64, Wrong> {
        let py = self.value.py();
        if self.value.is_instance_of::<PyBool>() || self.value.is_instance_of::<PyFloat>() {
            return Err(Wrong::wanted("int", self.value));
        }
        match self.value.extract::<i64>() {
            Ok(number) if (min..=max).contains(&number) => Ok(number),
            Err(error) if !error.is_instance_of::<PyOverflowError>(py) => Err(Wrong::wanted("int", self.value)),
            _ => Err(Wrong::rule(format!("must be from {min} to {max}, not {}", self.value))),
        }
    }

    /// A moment as the core reads it.
    fn moment(&self) -> Result<String, Wrong> {
        let py = self.value.py();
        let wanted = "an aware datetime";
        let moment = self.value.cast::<PyDateTime>().map_err(|_| Wrong::wanted(wanted, self.value))?;
        if moment.call_method0(intern!(py, "utcoffset"))?.is_none() {
            let rule = "must be an aware datetime: give it a time zone, as in datetime.now(timezone.utc)";
            return Err(Wrong::rule(rule));
        }
        let utc = moment.call_method1(intern!(py, "astimezone"), (PyTzInfo::utc(py)?,)).map_err(|error| {
            if error.is_instance_of::<PyOverflowError>(py) {
                Wrong::rule("is beyond the years 1 to 9999 in UTC")
            } else {
                error.into()
            }
        })?;
        Ok(utc.call_method1(intern!(py, "isoformat"), ("T", "microseconds"))?.extract()?)
    }

    /// JSON text of a mapping. Whatever `json.dumps` refuses is wrong.
    fn json(&self) -> Result<String, Wrong> {
        static ENCODE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = self.value.py();
        let mapping = self.value.cast::<PyMapping>().map_err(|_| Wrong::wanted("a dict", self.value))?;
        if mapping.is_empty()? {
            return Ok("{}".to_owned());
        }
        let dict = match self.value.cast::<PyDict>() {
            Ok(dict) => dict.clone(),
            Err(_) => PyDict::from_sequence(mapping.items()?.as_any())?,
        };
        let encode = ENCODE.get_or_try_init(py, || {
            let options = PyDict::new(py);
            options.set_item("ensure_ascii", false)?;
            options.set_item("allow_nan", false)?;
            options.set_item("separators", (",", ":"))?;
            let encoder = py.import("json")?.getattr("JSONEncoder")?.call((), Some(&options))?;
            Ok::<_, PyErr>(encoder.getattr("encode")?.unbind())
        })?;
        let text = encode.bind(py).call1((dict,)).map_err(|error| {
            if error.is_instance_of::<PyRecursionError>(py) {
                Wrong::rule("is nested too deeply")
            } else if error.is_instance_of::<PyTypeError>(py) || error.is_instance_of::<PyValueError>(py) {
                Wrong::rule(format!("cannot be written as JSON: {}", error.value(py)))
            } else {
                error.into()
            }
        })?;
        to_utf8(text.cast::<PyString>().map_err(PyErr::from)?)
    }

    fn is_moment(&self) -> bool {
        // the core reads moments as text, so only the name tells them from other text
        ["_at", "_before", "_after"].iter().any(|end| self.member.ends_with(end))
            || ["since", "until"].contains(&self.member)
    }

    /// A day of the calendar as the core reads it. A datetime is a date to Python, but its day is one in some time zone.
    fn day(&self) -> Result<String, Wrong> {
        let wanted = || Wrong::wanted("a date", self.value);
        if self.value.is_instance_of::<PyDateTime>() {
            return Err(wanted());
        }
        let day = self.value.cast::<PyDate>().map_err(|_| wanted())?;
        Ok(day.call_method0(intern!(self.value.py(), "isoformat"))?.extract()?)
    }
}

/// A str may hold halves of surrogate pairs, which are no characters and have no UTF-8.
fn to_utf8(text: &Bound<'_, PyString>) -> Result<String, Wrong> {
    match text.to_str() {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Wrong::rule("must not contain a lone surrogate: it cannot be written as UTF-8")),
    }
}

macro_rules! integers {
    ($($method:ident, $visit:ident, $type:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            let min = i64::try_from(<$type>::MIN).unwrap_or(i64::MIN);
            let max = i64::try_from(<$type>::MAX).unwrap_or(i64::MAX);
            visitor.$visit(self.integer(min, max)? as $type)
        }
    )*};
}

impl<'de, 'py> Deserializer<'de> for Value<'_, 'py> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.value.is_none() {
            visitor.visit_unit()
        } else if self.value.is_instance_of::<PyBool>() {
            self.deserialize_bool(visitor)
        } else if self.value.is_instance_of::<PyString>() {
            self.deserialize_string(visitor)
        } else if is_any(self.value)? {
            // as JSON spells it
            visitor.visit_str("*")
        } else {
            self.deserialize_i64(visitor)
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let flag = self.value.cast::<PyBool>().map_err(|_| Wrong::wanted("bool", self.value))?;
        visitor.visit_bool(flag.is_true())
    }

    integers! {
        deserialize_i8, visit_i8, i8;
        deserialize_i16, visit_i16, i16;
        deserialize_i32, visit_i32, i32;
        deserialize_i64, visit_i64, i64;
        deserialize_u8, visit_u8, u8;
        deserialize_u16, visit_u16, u16;
        deserialize_u32, visit_u32, u32;
        deserialize_u64, visit_u64, u64;
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_f64(self.value.extract().map_err(|_| Wrong::wanted("float", self.value))?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_string(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_string(match self.member {
            "by" => self.day()?,
            _ if self.is_moment() => self.moment()?,
            _ => self.text()?,
        })
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_string(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.value.is_none() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        if name == RAW_JSON {
            visitor.visit_map(RawJson(Some(self.json()?)))
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let wanted = || Wrong::wanted("a list", self.value);
        // text is a sequence of texts to Python, and never what was meant
        if self.value.is_instance_of::<PyString>()
            || self.value.is_instance_of::<PyBytes>()
            || self.value.cast::<PyMapping>().is_ok()
        {
            return Err(wanted());
        }
        let items = self.value.try_iter().map_err(|_| wanted())?.collect::<PyResult<Vec<_>>>()?;
        visitor.visit_seq(Items { items, next: 0 })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let wanted = || Wrong::wanted("a dict", self.value);
        // one of our own result classes, given back
        let own = if self.value.hasattr(intern!(self.value.py(), "to_dict"))? {
            Some(self.value.call_method0(intern!(self.value.py(), "to_dict"))?)
        } else {
            None
        };
        let mapping = own.as_ref().unwrap_or(self.value).cast::<PyMapping>().map_err(|_| wanted())?;
        let mut members = Vec::with_capacity(mapping.len()?);
        for item in mapping.items()?.try_iter()? {
            let (name, value): (Bound<'py, PyAny>, Bound<'py, PyAny>) = item?.extract()?;
            if !is_unset(&value)? {
                let name = name.cast::<PyString>().map_err(|_| Wrong::wanted("a dict with str keys", &name))?;
                members.push((to_utf8(name)?, value));
            }
        }
        visitor.visit_map(Members { members, next: 0 })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let name: StringDeserializer<Wrong> = self.text()?.into_deserializer();
        visitor.visit_enum(name)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }
}

struct Items<'py> {
    items: Vec<Bound<'py, PyAny>>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        let place = self.next;
        let Some(value) = self.items.get(place) else { return Ok(None) };
        self.next += 1;
        let item = seed.deserialize(Value { value, member: "" });
        item.map(Some).map_err(|wrong| wrong.below(Step::Item(place)))
    }
}

struct Members<'py> {
    members: Vec<(String, Bound<'py, PyAny>)>,
    next: usize,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((name, _)) = self.members.get(self.next) else { return Ok(None) };
        seed.deserialize(de::value::StrDeserializer::<Wrong>::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let (name, value) = &self.members[self.next];
        self.next += 1;
        seed.deserialize(Value { value, member: name }).map_err(|wrong| wrong.below(Step::Member(name)))
    }
}

/// JSON text in the shape in which serde_json takes it as it is.
struct RawJson(Option<String>);

impl<'de> MapAccess<'de> for RawJson {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        if self.0.is_none() {
            return Ok(None);
        }
        seed.deserialize(de::value::BorrowedStrDeserializer::<Wrong>::new(RAW_JSON)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let text: StringDeserializer<Wrong> = self.0.take().unwrap_or_default().into_deserializer();
        seed.deserialize(text)
    }
}
