//! Endpoints that make pictures, and those that look at them.

use busbar_wire::{
    sagemaker::{Operation, TEXT_FORMAT, image, label},
    upstream::ChatFormat as _,
};
use http::HeaderValue;

use super::{OfModel, Somewhere, Wrong, call, endpoint_name};
use crate::{
    classify::{HostedSight, LabelFormat},
    image::{HostedImage, ImageFormat},
    prices::{Place, Prices},
    settings::ModelSettings,
};

/// Files are a tenth of the rows of numbers that these containers send otherwise.
const FILES: HeaderValue = HeaderValue::from_static("application/json;png");
const LABELS: HeaderValue = HeaderValue::from_static("application/json;verbose");

/// An endpoint that makes pictures.
pub(super) fn maker(settings: &ModelSettings<OfModel>, place: &Somewhere<'_>) -> Result<HostedImage, Wrong> {
    let name = endpoint_name(settings.common.upstream())?;
    Ok(HostedImage {
        host: place.host.clone(),
        call: call(place.address, &name, Operation::Invoke, &settings.vendor)?.with("accept", FILES),
        model: name.as_str().to_owned(),
        format: ImageFormat {
            write: |request, _| image::ImageBody::write(request),
            read: |body, _| image::read_answer(body),
            said: |body| TEXT_FORMAT.said(body),
            one_at_a_time: false,
        },
        decode: place.decode.clone(),
        // Its hours are paid for, not its pictures, unless somebody says otherwise.
        prices: settings
            .common
            .picture_prices(Place::default(), &Prices::default()),
    })
}

/// An endpoint that says what is on pictures.
pub(super) fn looker(settings: &ModelSettings<OfModel>, place: &Somewhere<'_>) -> Result<HostedSight, Wrong> {
    let name = endpoint_name(settings.common.upstream())?;
    let call = call(place.address, &name, Operation::Invoke, &settings.vendor)?
        .with("content-type", HeaderValue::from_static(label::MEDIA_TYPE))
        .with("accept", LABELS);
    Ok(HostedSight {
        host: place.host.clone(),
        call,
        model: settings.common.id.as_str().into(),
        format: LabelFormat {
            read: label::read_answer,
            said: |body| TEXT_FORMAT.said(body),
        },
        decode: place.decode.clone(),
    })
}
