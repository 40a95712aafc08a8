//! Lets schemas refer to each other by name, and takes what is for readers of Rust alone out of their descriptions.

use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::{OpenApi, Ref, RefOr, Schema};

/// Names pages after what is on them, and refers to that instead of repeating it.
pub(super) fn refer(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    for (name, schema) in &mut components.schemas {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        if let Some(item) = name.strip_prefix("Page_")
            && let Some(RefOr::T(Schema::Array(items))) = object.properties.get_mut("items")
        {
            items.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(item).into()));
        }
        if let Some(description) = &mut object.description {
            // an example in Rust
            if let Some(at) = description.find("\n\n```") {
                description.truncate(at);
            }
        }
    }
}
