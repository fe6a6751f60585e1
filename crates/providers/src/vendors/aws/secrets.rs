//! Secrets Manager: a secret, or one field of a secret that is a JSON object.

use busbar_core::{BoxFuture, Error, Result, Secret};
use busbar_wire::stores::{self, secrets as wire};
use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};

use super::keeper::{Service, context, reach};
use crate::{
    documents::Place,
    endpoint::Endpoint,
    host::{Call, Host},
    http::Client,
    key::Vault,
    settings::Problem,
    vaults::Vaults,
};

const SERVICE: Service = Service {
    name: "secretsmanager",
    address: "secretsmanager",
    signature: "secretsmanager",
};
/// A secret is no longer than 64 KiB; around it are names and stages.
const LARGEST: usize = 256 << 10;

#[derive(Debug)]
struct Manager {
    host: Host,
    endpoint: Endpoint,
    id: String,
    field: Option<String>,
}

/// `NAME` or `ARN`, and where it is an object `#field`.
pub(in crate::vendors) fn open(
    name: &str,
    vaults: &Vaults,
    client: Client,
) -> Result<Box<dyn Vault>, Problem> {
    let (id, field) = match name.split_once('#') {
        Some((id, field)) => (id, Some(field)),
        None => (name, None),
    };
    if id.trim().is_empty() || field == Some("") {
        let message = format!(
            "`secretsmanager:{name}` names no secret; write secretsmanager:NAME, or secretsmanager:NAME#field where \
             it is a JSON object"
        );
        return Err(Problem::new("api_key", message));
    }
    // arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME
    let region = id.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(2));
    let place = Place {
        region: region.map(str::to_owned).or_else(|| vaults.region.clone()),
        endpoint: vaults.endpoint.clone(),
        ..Place::default()
    };
    let mut problems = Vec::new();
    match reach(&SERVICE, &place, client, &mut problems) {
        Some((host, endpoint)) => Ok(Box::new(Manager {
            host,
            endpoint,
            id: id.to_owned(),
            field: field.map(str::to_owned),
        })),
        None => {
            let why = problems
                .first()
                .map(|problem| &*problem.message)
                .unwrap_or_default();
            let message =
                format!("`secretsmanager:{name}`: its region is not known ({why}); set vault.region");
            Err(Problem::new("api_key", message))
        }
    }
}

impl Vault for Manager {
    fn fetch(&self) -> BoxFuture<'_, Result<Secret<String>>> {
        Box::pin(async move {
            let uri = self.endpoint.join(&[], None).map_err(Error::internal)?;
            let mut call =
                Call::json(uri, wire::MEDIA_TYPE).with(wire::TARGET, HeaderValue::from_static(wire::GET));
            call.headers
                .insert(CONTENT_TYPE, HeaderValue::from_static(wire::MEDIA_TYPE));
            let asked: Bytes = wire::ask(&self.id);
            let answer = self.host.post(&call, asked, &context(), &stores::said).await;
            let answer = answer.map_err(|error| self.explained(error))?;
            let body = answer.body.whole(LARGEST).await;
            let body = body.map_err(|why| self.explained(self.host.explain(why)))?;
            wire::read(&body, self.field.as_deref()).map_err(|error| self.explained(error))
        })
    }
}

impl Manager {
    /// Says which secret is meant; the service does not.
    fn explained(&self, error: Error) -> Error {
        let message = format!("the secret `{}`: {}", self.id, error.message());
        Error::new(error.kind(), message).with_source(error)
    }
}
