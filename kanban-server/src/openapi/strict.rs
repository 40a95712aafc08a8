//! Makes the schemas as strict as the server is.

use std::collections::BTreeSet;

use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, SchemaType, Type};
use utoipa::openapi::{Components, OpenApi, Ref, RefOr, Required, Schema};

/// Text without U+0000, which PostgreSQL cannot store.
pub(super) const TEXT: &str = r"^[^\u0000]*$";

/// Requests hold no text with U+0000; what only answers hold is there with every member, be it null.
pub(super) fn tighten(document: &mut OpenApi) {
    let requested = requested(document);
    for (_, operation) in super::operations(document) {
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter
                && parameter.parameter_in == ParameterIn::Query
            {
                parameter.schema.iter_mut().for_each(without_nul);
            }
        }
    }
    let components = document.components.get_or_insert_default();
    for (name, schema) in &mut components.schemas {
        if requested.contains(name) {
            without_nul(schema);
        } else if let RefOr::T(schema) = schema
            && !is_partial(name)
        {
            complete(schema);
        }
    }
}

/// Names of the schemas that bodies of requests are made of. Says on the way which bodies are needed.
fn requested(document: &mut OpenApi) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let components = document.components.take().unwrap_or_default();
    for (_, operation) in super::operations(document) {
        let Some(RefOr::T(body)) = &mut operation.request_body else { continue };
        let contents = body.content.values().filter_map(|content| match content {
            RefOr::T(content) => content.schema.as_ref(),
            RefOr::Ref(_) => None,
        });
        let mut needs_body = false;
        for schema in contents {
            needs_body |= needs_members(schema, &components);
            collect(schema, &components, &mut names);
        }
        body.required = Some(if needs_body { Required::True } else { Required::False });
    }
    document.components = Some(components);
    names
}

fn name_of(reference: &Ref) -> &str {
    reference.ref_location.rsplit('/').next().unwrap_or_default()
}

/// An empty body reads as an object without members, so it will do where no member is needed.
/// Whether the answer holds only what was asked for.
fn is_partial(name: &str) -> bool {
    name.starts_with("Partial")
}

fn needs_members(schema: &RefOr<Schema>, components: &Components) -> bool {
    match schema {
        RefOr::Ref(reference) => {
            let schema = components.schemas.get(name_of(reference));
            schema.is_none_or(|schema| needs_members(schema, components))
        }
        RefOr::T(Schema::Object(object)) => !object.required.is_empty(),
        RefOr::T(_) => true,
    }
}

fn collect(schema: &RefOr<Schema>, components: &Components, names: &mut BTreeSet<String>) {
    match schema {
        RefOr::Ref(reference) => {
            let name = name_of(reference);
            if names.insert(name.to_owned())
                && let Some(schema) = components.schemas.get(name)
            {
                collect(schema, components, names);
            }
        }
        RefOr::T(Schema::Object(object)) => {
            object.properties.values().for_each(|schema| collect(schema, components, names));
            if let Some(AdditionalProperties::RefOr(schema)) = object.additional_properties.as_deref() {
                collect(schema, components, names);
            }
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &array.items {
                collect(items, components, names);
            }
        }
        RefOr::T(Schema::OneOf(one)) => one.items.iter().for_each(|schema| collect(schema, components, names)),
        RefOr::T(Schema::AllOf(all)) => all.items.iter().for_each(|schema| collect(schema, components, names)),
        RefOr::T(Schema::AnyOf(any)) => any.items.iter().for_each(|schema| collect(schema, components, names)),
        RefOr::T(_) => {}
    }
}

fn without_nul(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            let free = object.pattern.is_none() && object.format.is_none() && object.enum_values.is_none();
            if free && is_text(&object.schema_type) {
                object.pattern = Some(TEXT.to_owned());
            }
            object.properties.values_mut().for_each(without_nul);
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                without_nul(items);
            }
        }
        Schema::OneOf(one) => one.items.iter_mut().for_each(without_nul),
        Schema::AllOf(all) => all.items.iter_mut().for_each(without_nul),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(without_nul),
        _ => {}
    }
}

fn is_text(kind: &SchemaType) -> bool {
    match kind {
        SchemaType::Type(kind) => *kind == Type::String,
        SchemaType::Array(kinds) => kinds.contains(&Type::String),
        SchemaType::AnyValue => false,
    }
}

fn complete(schema: &mut Schema) {
    match schema {
        Schema::Object(object)
            if !matches!(object.additional_properties.as_deref(), Some(AdditionalProperties::FreeForm(true))) =>
        {
            object.required = object.properties.keys().cloned().collect();
        }
        Schema::AllOf(all) => {
            for part in &mut all.items {
                if let RefOr::T(part) = part {
                    complete(part);
                }
            }
        }
        _ => {}
    }
}
