//! API Gateway: frames go to a WebSocket connection by PostToConnection.

use busbar_core::{BoxFuture, Error, ErrorKind, Result};
use busbar_wire::stores;
use bytes::Bytes;

use super::Settings;
use super::keeper::{PATIENCE, context};
use crate::{
    connections::{Connection, Connections, Gateway},
    endpoint::Endpoint,
    host::{Call, Host},
    http::Client,
    settings::{Problem, Section},
};

const SERVICE: &str = "execute-api";
/// Before a connection's name.
const CONNECTIONS: &str = "@connections";

#[derive(Debug)]
struct Posts {
    host: Host,
    endpoint: Option<Endpoint>,
}

pub(in crate::vendors) fn connections(
    gateway: &Gateway,
    client: Client,
) -> Result<Box<dyn Connections>, Problem> {
    let region = gateway.region.clone().unwrap_or_default();
    let settings = Settings::of(&region, None);
    // Whether that is a region is seen here, and not with the first frame.
    settings.address(SERVICE)?;
    let section = Section::default();
    let credentials = settings.credentials(&section, &client);
    let endpoint = gateway.endpoint.as_deref().map(Endpoint::new).transpose();
    Ok(Box::new(Posts {
        host: Host {
            name: "the gateway".into(),
            client,
            auth: settings.auth(&section, SERVICE, credentials)?,
            patience: PATIENCE,
        },
        endpoint: endpoint.map_err(|why| Problem::new("connections", why))?,
    }))
}

impl Connections for Posts {
    fn post<'a>(&'a self, to: &'a Connection, frame: Bytes) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let own;
            let (endpoint, stage) = match &self.endpoint {
                // What stands in the place of the gateway says itself what comes before.
                Some(endpoint) => (endpoint, None),
                None => {
                    own = Endpoint::new(&format!("https://{}", to.host)).map_err(Error::internal)?;
                    (&own, Some(&*to.stage).filter(|stage| !stage.is_empty()))
                }
            };
            let path: Vec<&str> = stage.into_iter().chain([CONNECTIONS, &to.id]).collect();
            let uri = endpoint.join(&path, None).map_err(Error::internal)?;
            let call = Call::json(uri, "application/json");
            let taken = self
                .host
                .hand_over(&call, frame, &context(), &stores::said)
                .await?;
            match taken {
                Some(answer) => {
                    answer.body.finish();
                    Ok(())
                }
                None => Err(Error::new(ErrorKind::Cancelled, "the client has left")),
            }
        })
    }
}
