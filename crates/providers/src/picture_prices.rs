//! What pictures cost at hosts: so much for each, by its size. A size that no row is for has no price.

use busbar_core::{Money, Pixels};
use serde::Deserialize;

use crate::prices::Amount;

/// Picodollars in a dollar.
const PER_DOLLAR: f64 = 1e12;

/// What one picture costs, of a size.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PictureDollars {
    /// Dollars for one picture.
    pub dollars: Amount,
    /// The most pixels that it may have for that; any number where it is left out.
    pub pixels: Option<u64>,
    /// Since when, as `2026-11-01`.
    pub since: String,
}

/// What a model's pictures cost; the first row that is for a size counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PicturePrices(Vec<PictureDollars>);

impl PicturePrices {
    /// Prices of these rows.
    pub fn new(rows: Vec<PictureDollars>) -> Self {
        Self(rows)
    }

    /// The same price for every picture.
    pub fn flat(dollars: Amount) -> Self {
        Self(vec![PictureDollars {
            dollars,
            pixels: None,
            since: String::new(),
        }])
    }

    /// What a picture costs.
    pub fn of(&self, picture: &Pixels) -> Option<Money> {
        let size = u64::from(picture.width()) * u64::from(picture.height());
        let row = self
            .0
            .iter()
            .find(|row| row.pixels.is_none_or(|most| size <= most))?;
        Some(Money::picodollars((row.dollars.get() * PER_DOLLAR).round() as u64))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::prices::{Place, Prices};

    fn cost(kind: &str, model: &str, side: u32) -> Option<String> {
        let place = Place {
            kind,
            region: if kind == "bedrock" { "us-east-1" } else { "" },
        };
        let prices = Prices::built_in().unwrap().pictures(place, model);
        let bytes = vec![0; side as usize * side as usize * 3];
        let picture = Pixels::new(side, side, Bytes::from(bytes)).unwrap();
        prices.of(&picture).map(|money| money.to_string())
    }

    #[test]
    fn a_picture_costs_what_its_size_costs() {
        let titan = "amazon.titan-image-generator-v2:0";
        assert_eq!(cost("bedrock", titan, 512).as_deref(), Some("0.008"));
        assert_eq!(cost("bedrock", titan, 1024).as_deref(), Some("0.01"));
        assert_eq!(
            cost("bedrock", "amazon.nova-canvas-v1:0", 1280).as_deref(),
            Some("0.06")
        );
        assert_eq!(cost("openai", "dall-e-3", 1024).as_deref(), Some("0.04"));
    }

    #[test]
    fn what_no_row_is_for_has_no_price_and_is_not_free() {
        assert_eq!(cost("bedrock", "amazon.titan-image-generator-v2:0", 1400), None);
        // It is paid by tokens, which pictures do not tell.
        assert_eq!(cost("openai", "gpt-image-1", 1024), None);
        assert_eq!(cost("vllm", "dall-e-3", 1024), None);
        assert_eq!(PicturePrices::default(), PicturePrices::new(Vec::new()));
    }
}
