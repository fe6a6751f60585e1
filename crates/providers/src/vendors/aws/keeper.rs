//! What the keepers of configurations share: the region, our credentials there, and how long we wait.

use std::time::{Duration, Instant};

use busbar_core::{Context, Error, ErrorKind, RequestId, Result, Secret};
use busbar_wire::stores::appconfig;

use super::Settings;
use crate::{
    documents::{Found, Piece, Place},
    endpoint::Endpoint,
    host::Host,
    http::{Answer, Body, Client, Patience},
    settings::{Problem, Section},
};

/// These services answer at once or not at all.
pub(super) const PATIENCE: Patience = Patience {
    answer: Duration::from_secs(20),
    stall: Duration::from_secs(20),
    connect: None,
};
/// A look that takes longer is tried again later.
const LONGEST: Duration = Duration::from_secs(30);
/// A configuration is not larger than this.
pub(super) const LARGEST: usize = 4 << 20;

/// One of the services.
pub(super) struct Service {
    /// Its name among our hosts.
    pub(super) name: &'static str,
    /// What stands before the region in its address.
    pub(super) address: &'static str,
    /// Its name in signatures.
    pub(super) signature: &'static str,
}

/// The service in a region, with the credentials that the usual chain finds.
pub(super) fn reach(
    service: &Service,
    place: &Place,
    client: Client,
    problems: &mut Vec<Problem>,
) -> Option<(Host, Endpoint)> {
    let region = Place::needs("region", place.region.as_ref(), "us-east-1", problems);
    if region.is_empty() {
        return None;
    }
    let settings = Settings::of(region, place.endpoint.as_deref());
    let mut wrong = |problem| problems.push(problem);
    let endpoint = settings.address(service.address).map_err(&mut wrong).ok()?;
    let section = Section::default();
    let credentials = settings.credentials(&section, &client);
    let auth = settings.auth(&section, service.signature, credentials);
    let host = Host {
        name: service.name.into(),
        client,
        auth: auth.map_err(&mut wrong).ok()?,
        patience: PATIENCE,
    };
    Some((host, endpoint))
}

impl Place {
    /// Which of AppConfig's configurations is meant.
    pub(super) fn configuration(&self, problems: &mut Vec<Problem>) -> appconfig::Place {
        let mut need = |field, value: &Option<String>, example| {
            Self::needs(field, value.as_ref(), example, problems).to_owned()
        };
        appconfig::Place {
            application: need("application", &self.application, "busbar"),
            environment: need("environment", &self.environment, "prod"),
            profile: need("profile", &self.profile, "routing"),
        }
    }
}

/// The context of a look.
pub(super) fn context() -> Context {
    Context::new(RequestId::new("configuration")).due(Instant::now() + LONGEST)
}

/// What AppConfig's configurations are called, for people.
pub(super) fn title(of: &appconfig::Place) -> String {
    format!("appconfig {}/{}/{}", of.application, of.environment, of.profile)
}

/// The answer, where there is what was asked for.
pub(super) fn there(answer: Option<Answer>, name: &str) -> Result<Answer> {
    answer.ok_or_else(|| {
        let message = format!("there is no `{name}`, or nothing was deployed there yet");
        Error::new(ErrorKind::NotFound, message)
    })
}

/// What a body says.
pub(super) async fn text(host: &Host, body: Body, name: &str) -> Result<String> {
    let body = body.whole(LARGEST).await;
    let body = body.map_err(|why| host.explain(why))?;
    String::from_utf8(body.to_vec())
        .map_err(|_| Error::new(ErrorKind::BadUpstream, format!("`{name}` is no text")))
}

/// One document; nothing where it is empty.
pub(super) fn document(name: &str, text: String, label: Option<String>) -> Option<Found> {
    (!text.is_empty()).then(|| Found {
        pieces: vec![Piece::Document {
            name: name.to_owned(),
            text: Secret::new(text),
        }],
        label,
    })
}
