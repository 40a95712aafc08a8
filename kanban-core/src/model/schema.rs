//! Schemas of the values that read and write themselves: ids, references, moments, JSON objects.

use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{Card, JsonObject, PartialCard, Timestamp};

pub(super) const ULID: &str = "^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$";
pub(super) const CARD_REF: &str = "^([0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}|[A-Za-z][A-Za-z0-9]{0,9}-[0-9]{1,18})$";
pub(super) const BOARD_REF: &str = "^([0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}|[A-Za-z][A-Za-z0-9]{0,9})$";

/// Labels or assignees.
pub(super) struct ShortTexts;

impl ToSchema for ShortTexts {}

impl PartialSchema for ShortTexts {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(256));
        let texts = ArrayBuilder::new().items(text).max_items(Some(64)).unique_items(true);
        texts.description(Some("At most 64 texts of at most 256 characters, none twice.")).into()
    }
}

/// Labels in a query: with commas between, so none that has one.
pub(super) struct Labels;

impl ToSchema for Labels {}

impl PartialSchema for Labels {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(256));
        let labels = ArrayBuilder::new().items(text.pattern(Some(r"^[^,\u0000]+$")));
        labels.max_items(Some(64)).unique_items(true).into()
    }
}

/// Text of a form.
pub(super) fn pattern(description: &str, pattern: &str, example: &str) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String).description(Some(description));
    text.pattern(Some(pattern)).examples([example]).into()
}

/// One of some names, with what each means.
pub(super) fn named(description: &str, values: &[(&str, &str)]) -> RefOr<Schema> {
    let meanings: String = values.iter().map(|(name, meaning)| format!("\n- `{name}`:{meaning}")).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(format!("{}\n{meanings}", description.trim())))
        .enum_values(Some(values.iter().map(|(name, _)| *name)))
        .into()
}

impl ToSchema for PartialCard {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Card::schemas(schemas);
    }
}

impl PartialSchema for PartialCard {
    fn schema() -> RefOr<Schema> {
        let mut schema = Card::schema();
        if let RefOr::T(Schema::Object(card)) = &mut schema {
            card.description = Some("A card; where some of its members were picked, the others are absent.".to_owned());
            card.required = ["id", "key", "version"].map(str::to_owned).into();
        }
        schema
    }
}

impl ToSchema for JsonObject {}

impl PartialSchema for JsonObject {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("A JSON object of the users' own, at most 16 KiB."))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

impl ToSchema for Timestamp {}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("A moment (RFC 3339), answered in UTC to the microsecond."))
            .into()
    }
}
