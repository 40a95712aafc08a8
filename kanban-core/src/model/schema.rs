//! Schemas of the values that read and write themselves: ids, references, moments, JSON objects.

use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{Card, Day, EntityRef, Expected, JsonObject, PartialCard, Seconds, TenantId, Timestamp};

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

macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident = $pattern:expr, $example:literal;)*) => {$(
        $(#[$doc])*
        pub(super) struct $name;

        impl ToSchema for $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                // no lengths: to make a text of just so many characters in such a form takes a generator minutes
                ObjectBuilder::new().schema_type(Type::String).pattern(Some($pattern)).examples([$example]).into()
            }
        }
    )*};
}

forms! {
    /// A name of an attachment.
    PlainName = r"^[^\u0000-\u001f\u007f-\u009f]{1,256}$", "report.pdf";
    /// An address that everybody can read in the same way. What is less usual, such as IPv6, is taken too.
    WebAddress = concat!(
        "^([hH][tT][tT][pP][sS]?|[fF][tT][pP][sS]?|sftp|s3|gs)://",
        "(([A-Za-z0-9]+(-[A-Za-z0-9]+)*\\.)*[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*",
        "|((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9]))",
        "(:([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?",
        "(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*",
        "(\\?([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?",
        "(#([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?$"
    ), "https://example.org/report.pdf";
    /// A media type (RFC 6838) with parameters (RFC 2045).
    MediaType = concat!(
        "^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}",
        "([ \\t]*;[ \\t]*[A-Za-z0-9!#$%&'*+.^_`{|}~-]+=",
        "([A-Za-z0-9!#$%&'*+.^_`{|}~-]+|\"([\\t !#-\\[\\]-~]|\\\\[\\t -~])*\"))*$"
    ), "text/plain; charset=utf-8";
    /// A checksum.
    Checksum = "^(md5:[0-9a-f]{32}|sha1:[0-9a-f]{40}|(sha256|blake3):[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
}

impl ToSchema for EntityRef {}

impl PartialSchema for EntityRef {
    fn schema() -> RefOr<Schema> {
        let form = "^([0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}|[A-Za-z][A-Za-z0-9]{0,9}(-[0-9]{1,18})?)$";
        pattern("The id of a thing, or the key of a card or board.", form, "AB-1")
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

/// One of several objects with a single member, whose name says which it is.
pub(super) fn tagged(description: &str, variants: &[(&str, &str, &str)]) -> RefOr<Schema> {
    let mut one = OneOfBuilder::new().description(Some(description));
    for (name, meaning, input) in variants {
        let object = ObjectBuilder::new().property(*name, Ref::from_schema_name(*input)).required(*name);
        let object = object.additional_properties(Some(AdditionalProperties::FreeForm(false)));
        one = one.item(object.description(Some(meaning.trim())));
    }
    one.into()
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

impl ToSchema for Expected {}

impl PartialSchema for Expected {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        let any = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["*"]));
        let either =
            OneOfBuilder::new().item(number.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))).item(any);
        either.description(Some("The version that a write has seen; `*` is the explicit override.")).into()
    }
}

impl ToSchema for JsonObject {}

impl PartialSchema for JsonObject {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("A JSON object of the users' own, at most 16 KiB. No text in it holds U+0000."))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

impl ToSchema for TenantId {}

impl PartialSchema for TenantId {
    fn schema() -> RefOr<Schema> {
        pattern("A tenant's name.", "^[a-z0-9][a-z0-9_-]{0,62}$", "acme")
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

impl ToSchema for Seconds {}

impl PartialSchema for Seconds {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some("A length of time in seconds, exact to the microsecond."))
            .into()
    }
}

impl ToSchema for Day {}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .description(Some("A day of the calendar."))
            .into()
    }
}
