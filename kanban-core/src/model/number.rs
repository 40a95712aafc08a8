//! Whole numbers as JSON has them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// Reads a whole number however it is spelled: in JSON `901` and `901.0` are the same number, and some programs write the
/// one for the other. For `#[serde(deserialize_with = "…")]` on a member that is a whole number or an `Option` of one.
///
/// # Errors
/// For anything else than a whole number within the member's range; also for null where there must be a number.
pub fn whole<'de, D: Deserializer<'de>, T: Whole>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// What can be read as a whole number.
pub trait Whole: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// As for [`whole`].
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

macro_rules! whole_numbers {
    ($($number:ty: $hint:ident),*) => {$(
        impl Whole for $number {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = deserializer.$hint(Number)?;
                Self::try_from(number).map_err(|_| D::Error::custom(format!("{number} is out of range")))
            }
        }
    )*};
}
whole_numbers!(i32: deserialize_i32, u32: deserialize_u32, i64: deserialize_i64);

impl<T: Whole> Whole for Option<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Read<T>>::deserialize(deserializer)?.map(|number| number.0))
    }
}

/// A number in the place of a type that reads itself.
struct Read<T>(T);

impl<'de, T: Whole> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

/// For a member of a patch, where null is a value and not the same as an absent member.
pub(super) fn present_whole<'de, D: Deserializer<'de>, T: Whole>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::read(deserializer).map(Some)
}

struct Number;

impl Visitor<'_> for Number {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        // beyond every range that a member has
        Ok(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<i64, E> {
        // up to here every whole number has a spelling of its own
        let is_whole = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
        if is_whole { Ok(number as i64) } else { Err(E::invalid_type(Unexpected::Float(number), &self)) }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{present_whole, whole};

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Numbers {
        #[serde(deserialize_with = "whole")]
        plain: u32,
        #[serde(deserialize_with = "whole")]
        maybe: Option<i32>,
        #[serde(deserialize_with = "present_whole")]
        patch: Option<Option<i32>>,
    }

    #[test]
    fn a_number_is_what_it_is_worth_and_not_how_it_is_spelled() {
        let read = |json: &str| serde_json::from_str::<Numbers>(json).map_err(|error| error.to_string());
        let numbers = read(r#"{"plain": 901.0, "maybe": -3e1, "patch": null}"#).expect("numbers");
        assert_eq!(numbers, Numbers { plain: 901, maybe: Some(-30), patch: Some(None) });
        assert_eq!(read(r#"{"maybe": null}"#), Ok(Numbers::default()));
        for bad in [
            r#"{"plain": null}"#,
            r#"{"plain": 1.5}"#,
            r#"{"plain": -1}"#,
            r#"{"maybe": 3000000000}"#,
            r#"{"plain": "1"}"#,
            r#"{"plain": 1e300}"#,
            r#"{"plain": 18446744073709551615}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
