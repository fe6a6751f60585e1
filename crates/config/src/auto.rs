//! A number, or `"auto"` where the machine or the model decides.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// A number or `auto`. Text is read too, since the environment knows nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Auto {
    /// Whatever fits.
    Auto,
    /// Exactly this.
    Is(u32),
}

impl Auto {
    pub(crate) fn number(self) -> Option<u32> {
        match self {
            Self::Auto => None,
            Self::Is(number) => Some(number),
        }
    }
}

impl<'de> Deserialize<'de> for Auto {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Auto;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or \"auto\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Auto, E> {
                if text.trim() == "auto" {
                    return Ok(Auto::Auto);
                }
                text.trim()
                    .parse()
                    .map(Auto::Is)
                    .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Auto, E> {
                u32::try_from(number)
                    .map(Auto::Is)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
            }
        }

        from.deserialize_any(Visitor)
    }
}

impl JsonSchema for Auto {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Auto".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "const": "auto" }] })
    }
}
