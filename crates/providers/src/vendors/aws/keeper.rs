//! What both keepers of configurations share: the region, our credentials there, and how long we wait.

use std::time::{Duration, Instant};

use busbar_core::{Context, RequestId};
use busbar_wire::stores::appconfig;

use super::Settings;
use crate::{
    documents::Place,
    endpoint::Endpoint,
    host::Host,
    http::{Client, Patience},
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
