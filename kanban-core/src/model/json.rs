//! JSON members that the board carries for its users without looking into them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A JSON object, kept as text from the database's row to the answer.
///
/// ```
/// use kanban_core::JsonObject;
///
/// let fields = JsonObject::from_value(&serde_json::json!({"estimate": 3}))?;
/// assert_eq!(fields.get(), r#"{"estimate":3}"#);
/// # Ok::<(), kanban_core::Error>(())
/// ```
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct JsonObject(Box<RawValue>);

impl JsonObject {
    /// Any serializable value that becomes a JSON object.
    ///
    /// # Errors
    /// [`Invalid`](crate::Error::Invalid) when it becomes anything else.
    pub fn from_value(value: &impl Serialize) -> crate::Result<Self> {
        serde_json::value::to_raw_value(value)
            .map_err(|e| e.to_string())
            .and_then(Self::from_raw)
            .map_err(|detail| crate::Error::invalid("", detail))
    }

    /// The JSON text.
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// Reads the object into any type.
    ///
    /// # Errors
    /// serde_json's, when the object has another shape.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> serde_json::Result<T> {
        serde_json::from_str(self.0.get())
    }

    pub(crate) fn raw(&self) -> &RawValue {
        &self.0
    }

    pub(crate) fn from_raw(raw: Box<RawValue>) -> Result<Self, String> {
        // raw values come without surrounding white space
        if raw.get().starts_with('{') { Ok(Self(raw)) } else { Err("must be a JSON object".to_owned()) }
    }
}

impl Default for JsonObject {
    fn default() -> Self {
        Self(RawValue::from_string("{}".to_owned()).expect("an empty object is JSON"))
    }
}

impl PartialEq for JsonObject {
    fn eq(&self, other: &Self) -> bool {
        let value = |json: &Self| serde_json::from_str::<serde_json::Value>(json.get()).ok();
        self.get() == other.get() || value(self) == value(other)
    }
}

impl fmt::Debug for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_raw(Box::<RawValue>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
