//! What tokens cost at hosts: a table that is built in, and rows of the user's before it. What is in
//! neither has no price, which is not the same as costing nothing.

use busbar_core::{Money, Price};
use serde::{Deserialize, Deserializer, de};

use crate::{
    pattern,
    picture_prices::{PictureDollars, PicturePrices},
};

/// The table that is built in.
const BUILT_IN: &str = include_str!("prices.toml");
/// Picodollars for one token of what costs a dollar for a million.
const PER_MILLION: f64 = 1e6;
/// More than this for a million tokens is a mistake.
const MOST: f64 = 1e5;

/// Where a model is: the kind of its provider, and the region where it has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// The provider's kind.
    pub kind: &'a str,
    /// The region; empty where the vendor has none.
    pub region: &'a str,
}

/// Prices by place and model.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    rows: Vec<Row>,
    pictures: Vec<PictureRow>,
}

/// Dollars for a million tokens of each class.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dollars {
    /// Prompt tokens that are computed.
    pub input: Amount,
    /// Prompt tokens found already computed; as `input` where it is left out.
    pub cached_input: Option<Amount>,
    /// Prompt tokens that are computed and kept; as `input` where it is left out.
    pub cache_write: Option<Amount>,
    /// Tokens of the answer.
    pub output: Amount,
    /// Tokens of thought; as `output` where it is left out.
    pub reasoning: Option<Amount>,
    /// Since when, as `2026-11-01`.
    pub since: String,
}

/// Dollars, for a million tokens or for a picture: finite, not negative, and no more than anyone asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount(f64);

impl Amount {
    /// The dollars.
    pub fn get(self) -> f64 {
        self.0
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "price")]
    rows: Vec<Row>,
    #[serde(default, rename = "picture")]
    pictures: Vec<PictureRow>,
}

#[derive(Clone, Debug, Deserialize)]
struct Row {
    kind: String,
    models: Vec<String>,
    #[serde(default)]
    regions: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
    #[serde(flatten)]
    dollars: Dollars,
}

#[derive(Clone, Debug, Deserialize)]
struct PictureRow {
    kind: String,
    models: Vec<String>,
    #[serde(default)]
    regions: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
    #[serde(flatten)]
    dollars: PictureDollars,
}

impl Prices {
    /// The table that is built in.
    ///
    /// # Errors
    /// Never: a test reads it.
    pub fn built_in() -> Result<Self, String> {
        Self::read(BUILT_IN)
    }

    /// A table as it is written.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        Ok(Self {
            rows: file.rows,
            pictures: file.pictures,
        })
    }

    /// These prices, and where they say nothing, those.
    #[must_use]
    pub fn before(mut self, others: Self) -> Self {
        self.rows.extend(others.rows);
        self.pictures.extend(others.pictures);
        self
    }

    /// The price of a model at a place; the first row that fits counts.
    pub fn find(&self, place: Place<'_>, model: &str) -> Option<Price> {
        let fits = |row: &&Row| fits(place, model, (&row.kind, &row.models, &row.regions));
        let row = self.rows.iter().find(fits)?;
        Some(Price::from(&row.dollars))
    }

    /// What the pictures of a model at a place cost.
    pub fn pictures(&self, place: Place<'_>, model: &str) -> PicturePrices {
        let fits = |row: &&PictureRow| fits(place, model, (&row.kind, &row.models, &row.regions));
        let rows = self.pictures.iter().filter(fits);
        PicturePrices::new(rows.map(|row| row.dollars.clone()).collect())
    }
}

/// Whether a row is for a model at a place. A row that names no regions is for all.
fn fits(place: Place<'_>, model: &str, (kind, models, regions): (&str, &[String], &[String])) -> bool {
    let any = |patterns: &[String], text: &str| patterns.iter().any(|row| pattern::fits(row, text));
    kind == place.kind && any(models, model) && (regions.is_empty() || any(regions, place.region))
}

impl From<&Dollars> for Price {
    fn from(dollars: &Dollars) -> Self {
        let money = |amount: Amount| Money::picodollars((amount.0 * PER_MILLION).round() as u64);
        let or = |amount: Option<Amount>, other: Amount| money(amount.unwrap_or(other));
        Self {
            input: money(dollars.input),
            cached_input: or(dollars.cached_input, dollars.input),
            cache_write: or(dollars.cache_write, dollars.input),
            output: money(dollars.output),
            reasoning: or(dollars.reasoning, dollars.output),
            since: dollars.since.as_str().into(),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let amount = f64::deserialize(deserializer)?;
        if !(0.0..=MOST).contains(&amount) {
            let message = format!("must be dollars, 0 to {MOST}, not {amount}");
            return Err(de::Error::custom(message));
        }
        Ok(Self(amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(kind: &str, region: &str, model: &str) -> Option<Price> {
        Prices::built_in().unwrap().find(Place { kind, region }, model)
    }

    #[test]
    fn the_models_of_the_requirements_are_priced() {
        for (model, input, output) in [
            ("anthropic.claude-3-haiku-20240307-v1:0", 250_000, 1_250_000),
            ("anthropic.claude-3-sonnet-20240229-v1:0", 3_000_000, 15_000_000),
            ("us.anthropic.claude-3-opus-20240229-v1:0", 15_000_000, 75_000_000),
            ("amazon.nova-micro-v1:0", 35_000, 140_000),
            ("us.amazon.nova-lite-v1:0", 60_000, 240_000),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0",
                800_000,
                3_200_000,
            ),
        ] {
            let price =
                price("bedrock", "us-east-1", model).unwrap_or_else(|| panic!("{model} has no price"));
            assert_eq!(
                (price.input, price.output),
                (Money::picodollars(input), Money::picodollars(output)),
                "{model}"
            );
        }
    }

    #[test]
    fn a_geographys_profile_costs_more_than_the_global_one() {
        for (model, input) in [
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", 1_100_000),
            ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", 1_100_000),
            ("global.anthropic.claude-haiku-4-5-20251001-v1:0", 1_000_000),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                3_300_000,
            ),
        ] {
            let price = price("bedrock", "us-east-1", model).map(|price| price.input);
            assert_eq!(price, Some(Money::picodollars(input)), "{model}");
        }
        // Elsewhere the price is another: none is known.
        assert_eq!(
            price("bedrock", "us-gov-west-1", "us-gov.anthropic.claude-haiku-4-5"),
            None
        );
    }

    #[test]
    fn what_is_not_in_the_table_has_no_price() {
        assert_eq!(price("bedrock", "us-east-1", "unheard.of-v1:0"), None);
        assert_eq!(price("vllm", "", "gpt-4o"), None);
        // Another region may cost more.
        assert_eq!(price("bedrock", "xx-north-9", "amazon.nova-micro-v1:0"), None);
    }

    #[test]
    fn every_row_is_dated_and_says_where_it_is_from() {
        for row in Prices::built_in().unwrap().pictures {
            let date: Vec<_> = row.dollars.since.split('-').map(str::len).collect();
            assert_eq!(date, [4, 2, 2], "{row:?}");
            assert!(row._source.starts_with("https://"), "{row:?}");
            assert!(row.dollars.dollars.0 > 0.0, "{row:?}");
        }
        for row in Prices::built_in().unwrap().rows {
            let date: Vec<_> = row.dollars.since.split('-').map(str::len).collect();
            assert_eq!(date, [4, 2, 2], "{row:?}");
            assert!(row._source.starts_with("https://"), "{row:?}");
            assert!(row.dollars.output.0 > 0.0 || row.models.iter().any(|model| model.contains("embed")));
            assert!(row.dollars.input.0 > 0.0, "{row:?}");
        }
    }

    #[test]
    fn the_users_rows_come_first() {
        let own = "[[price]]\nkind = 'openai'\nmodels = ['gpt-4o']\ninput = 1\noutput = 2\nsince = '2026-11-01'\nsource = 'https://contract'\n";
        let prices = Prices::read(own).unwrap().before(Prices::built_in().unwrap());
        let place = Place {
            kind: "openai",
            region: "",
        };
        let mine = prices.find(place, "gpt-4o").unwrap();
        assert_eq!(
            (mine.input, &*mine.since),
            (Money::picodollars(1_000_000), "2026-11-01")
        );
        assert!(prices.find(place, "gpt-4o-mini").is_some());
    }

    #[test]
    fn a_class_that_is_left_out_is_never_free() {
        let price = price("bedrock", "us-east-1", "anthropic.claude-3-haiku-20240307-v1:0").unwrap();
        assert_eq!(
            (price.cached_input, price.cache_write),
            (price.input, price.input)
        );
        assert_eq!(price.reasoning, price.output);
    }

    #[test]
    fn amounts_that_cannot_be_are_refused() {
        for wrong in ["-1", "nan", "inf", "1e9"] {
            let text = format!(
                "[[price]]\nkind='k'\nmodels=['m']\ninput={wrong}\noutput=1\nsince='2026-01-01'\nsource='https://s'\n"
            );
            assert!(Prices::read(&text).is_err(), "{wrong}");
        }
    }
}
