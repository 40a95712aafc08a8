//! JSON schemas of tools, made from the types that read and write them, and as short as they can be said.

use std::sync::Arc;

use kanban_core::{ColumnKind, Priority, Relation};
use rmcp::model::JsonObject;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

/// Marks a member that may be null for a reason of its own: in a patch, null clears.
const NULLABLE: &str = "x-nullable";

/// The schema of what a tool takes. A model pays for each of its bytes in every conversation, so it holds what says
/// something only: no titles, no formats of numbers, no null for members that can be left out.
pub(super) fn arguments<T: JsonSchema>() -> Arc<JsonObject> {
    Arc::new(short::<T>(SchemaSettings::draft2020_12().for_deserialize()))
}

/// The schema of what a tool answers: the names of the members that are always there. Their types, times twenty tools, would
/// cost every conversation more than they tell, for the answer shows them.
pub(super) fn answer<T: JsonSchema>() -> Arc<JsonObject> {
    let mut schema = short::<T>(SchemaSettings::draft2020_12().for_serialize());
    schema.retain(|name, _| ["type", "required"].contains(&name.as_str()));
    Arc::new(schema)
}

fn short<T: JsonSchema>(settings: SchemaSettings) -> JsonObject {
    let settings = settings.with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    shorten(&mut schema);
    let Value::Object(mut schema) = schema else { unreachable!("what a tool takes and answers is an object") };
    schema.remove("description");
    // a tool without arguments has to say so
    schema.entry("properties").or_insert_with(|| Value::Object(JsonObject::new()));
    schema
}

fn shorten(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for noise in ["title", "format", "default"] {
                members.remove(noise);
            }
            if members.get("minimum").is_some_and(|minimum| minimum == 0) {
                members.remove("minimum");
            }
            if members.remove(NULLABLE).is_none()
                && let Some(Value::Array(types)) = members.get("type")
            {
                let kept: Vec<Value> = types.iter().filter(|kind| *kind != "null").cloned().collect();
                if let [one] = kept.as_slice() {
                    members.insert("type".to_owned(), one.clone());
                }
            }
            for (name, member) in members {
                match (name.as_str(), member) {
                    // the names in there are the users', not the schema's
                    ("properties", Value::Object(properties)) => properties.values_mut().for_each(shorten),
                    (_, member) => shorten(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        _ => {}
    }
}

fn names(all: impl Iterator<Item = &'static str>) -> Schema {
    json_schema!({ "enum": all.collect::<Vec<_>>() })
}

pub(super) fn priority(_: &mut SchemaGenerator) -> Schema {
    names(Priority::ALL.iter().map(|value| value.as_str()))
}

pub(super) fn status(_: &mut SchemaGenerator) -> Schema {
    names(ColumnKind::ALL.iter().map(|value| value.as_str()))
}

pub(super) fn relation(_: &mut SchemaGenerator) -> Schema {
    names(Relation::ALL.iter().map(|value| value.as_str()))
}

/// Text that null clears.
pub(super) fn text_or_null(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"], "x-nullable": true })
}

/// A JSON object of the users' own.
pub(super) fn object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object" })
}

pub(super) fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string" })
}

/// A list of objects whose members are told by the tool's description.
pub(super) fn objects(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "type": "object" } })
}

/// A list of texts.
pub(super) fn texts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "type": "string" } })
}
