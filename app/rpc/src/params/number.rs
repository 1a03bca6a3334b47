//! Whole numbers within bounds.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

/// A whole number from `MIN` to `MAX`. `3.0` is one, as in JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Int<const MIN: i64, const MAX: i64>(i64);

/// A whole number from `MIN` on.
pub(crate) type Count<const MIN: i64> = Int<MIN, { i64::MAX }>;

impl<const MIN: i64, const MAX: i64> Int<MIN, MAX> {
    pub(crate) const fn get(self) -> u64 {
        self.0.unsigned_abs()
    }

    pub(crate) fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    fn checked<E: Error>(number: i64) -> Result<Self, E> {
        if !(MIN..=MAX).contains(&number) {
            return Err(E::custom(format_args!("must be from {MIN} to {MAX}")));
        }
        Ok(Self(number))
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Int<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number<const MIN: i64, const MAX: i64>;

        impl<const MIN: i64, const MAX: i64> Visitor<'_> for Number<MIN, MAX> {
            type Value = Int<MIN, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Int::checked(number)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                // More than fits is as good as infinitely much.
                Int::checked(i64::try_from(number).unwrap_or(i64::MAX))
            }

            #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, as above")]
            fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
                if number.fract() != 0.0 {
                    return Err(E::custom("must be integer"));
                }
                Int::checked(number as i64)
            }
        }

        deserializer.deserialize_any(Number)
    }
}

impl<const MIN: i64, const MAX: i64> JsonSchema for Int<MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Int{MIN}To{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({ "type": "integer", "minimum": MIN });
        if MAX < i64::MAX {
            schema.insert("maximum".into(), MAX.into());
        }
        schema
    }
}

#[test]
fn numbers_are_whole_and_within_bounds() {
    let read = |text: &str| serde_json::from_str::<Int<1, 10>>(text).ok().map(Int::get);
    assert_eq!((read("1"), read("10"), read("3.0")), (Some(1), Some(10), Some(3)));
    for bad in ["0", "11", "-1", "3.5", "1e300", "\"3\"", "null", "18446744073709551615"] {
        assert_eq!(read(bad), None, "{bad}");
    }
    let huge = serde_json::from_str::<Count<0>>("18446744073709551615").unwrap();
    assert_eq!(huge.get(), i64::MAX.unsigned_abs());
    assert!(serde_json::from_str::<Count<0>>("1e300").is_ok());
}
