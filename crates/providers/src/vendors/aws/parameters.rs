//! The Parameter Store: one parameter that holds a whole document, or all that are beneath a path. There
//! `server/body_limit` is a setting, and a name without a slash in it a document.

use busbar_core::{BoxFuture, Error, ErrorKind, Result};
use busbar_wire::stores::{self, parameters as wire};
use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};

use super::keeper::{LARGEST, Service, context, reach};
use crate::{
    documents::{Documents, Found, Look, Piece, Place},
    endpoint::Endpoint,
    host::{Call, Host},
    http::Client,
    settings::Problem,
};

const SERVICE: Service = Service {
    name: "ssm",
    address: "ssm",
    signature: "ssm",
};
/// A configuration of more pages than this is none.
const MOST_PAGES: usize = 200;

#[derive(Debug)]
struct Parameters {
    host: Host,
    endpoint: Endpoint,
    /// A parameter, or with a slash at its end those beneath it.
    of: String,
    name: String,
}

pub(in crate::vendors) fn documents(
    place: &Place,
    client: Client,
) -> Result<Box<dyn Documents>, Vec<Problem>> {
    let mut problems = Vec::new();
    let of = Place::needs(
        "parameters",
        place.parameters.as_ref(),
        "/busbar/prod/",
        &mut problems,
    )
    .to_owned();
    if !of.is_empty() && !of.starts_with('/') && !of.starts_with("arn:") {
        let message =
            format!("`{of}` is no parameter; write /busbar/prod, or /busbar/prod/ for all beneath it");
        problems.push(Problem::new("parameters", message));
    }
    match reach(&SERVICE, place, client, &mut problems) {
        Some((host, endpoint)) if problems.is_empty() => Ok(Box::new(Parameters {
            host,
            endpoint,
            name: format!("ssm {of}"),
            of,
        })),
        _ => Err(problems),
    }
}

impl Documents for Parameters {
    fn place(&self) -> &str {
        &self.name
    }

    fn look(&mut self, _anew: bool) -> BoxFuture<'_, Result<Look>> {
        Box::pin(async move {
            let found = match self.of.strip_suffix('/') {
                Some(path) => self.beneath(path).await?,
                None => self.one().await?,
            };
            Ok(Look {
                found: Some(found),
                again: None,
            })
        })
    }
}

impl Parameters {
    async fn one(&self) -> Result<Found> {
        let answer = self.ask(wire::GET, wire::one(&self.of)).await?;
        let parameter = wire::read_one(&answer)?;
        Ok(Found {
            label: Some(format!("version {}", parameter.version)),
            pieces: vec![Piece::Document {
                name: self.name.clone(),
                text: parameter.value,
            }],
        })
    }

    async fn beneath(&self, path: &str) -> Result<Found> {
        let mut parameters = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let path = if path.is_empty() { "/" } else { path };
            let answer = self
                .ask(wire::GET_BY_PATH, wire::beneath(path, next.as_deref()))
                .await?;
            let page = wire::read_page(&answer)?;
            parameters.extend(page.parameters);
            next = page.next;
            if next.is_none() {
                return pieces(parameters, &self.of);
            }
        }
        let message = format!(
            "there are more than {MOST_PAGES} pages of parameters in `{}`",
            self.of
        );
        Err(Error::new(ErrorKind::TooLarge, message))
    }

    async fn ask(&self, operation: &'static str, body: Bytes) -> Result<Bytes> {
        let uri = self.endpoint.join(&[], None).map_err(Error::internal)?;
        let mut call =
            Call::json(uri, wire::MEDIA_TYPE).with(wire::TARGET, HeaderValue::from_static(operation));
        call.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static(wire::MEDIA_TYPE));
        let answer = self.host.post(&call, body, &context(), &stores::said).await;
        let answer = answer.map_err(|error| self.explained(error))?;
        let body = answer.body.whole(LARGEST).await;
        body.map_err(|why| self.host.explain(why))
    }

    /// Says which parameter is meant; the service does not.
    fn explained(&self, error: Error) -> Error {
        let message = format!("`{}`: {}", self.name, error.message());
        Error::new(error.kind(), message).with_source(error)
    }
}

/// What parameters mean: documents in the order of their names, and settings over them.
fn pieces(mut parameters: Vec<wire::Parameter>, of: &str) -> Result<Found> {
    parameters.sort_by(|one, other| one.name.cmp(&other.name));
    let (mut documents, mut settings) = (Vec::new(), Vec::new());
    for parameter in parameters {
        let name = format!("ssm {}", parameter.name);
        let within = parameter
            .name
            .strip_prefix(of)
            .unwrap_or(&parameter.name)
            .to_owned();
        let text = parameter.value;
        match within.split('/').collect::<Vec<_>>()[..] {
            [_] => documents.push(Piece::Document { name, text }),
            [section, setting] => settings.push(Piece::Setting {
                path: format!("{section}.{setting}"),
                name,
                text,
            }),
            _ => {
                let message = format!(
                    "`{}` is neither a document ({of}name) nor a setting ({of}section/name)",
                    parameter.name
                );
                return Err(Error::invalid("parameters", message));
            }
        }
    }
    if documents.is_empty() && settings.is_empty() {
        let message = format!("there is no parameter beneath `{of}`");
        return Err(Error::new(ErrorKind::NotFound, message));
    }
    documents.append(&mut settings);
    Ok(Found {
        pieces: documents,
        label: None,
    })
}

#[cfg(test)]
mod tests {
    use busbar_core::Secret;

    use super::*;

    fn found(names: &[&str]) -> Result<Vec<String>> {
        let parameters = names.iter().map(|name| wire::Parameter {
            name: (*name).into(),
            value: Secret::new("v".into()),
            version: 1,
        });
        let found = pieces(parameters.collect(), "/busbar/prod/")?;
        let told = |piece: Piece| match piece {
            Piece::Document { name, .. } => name,
            Piece::Setting { path, .. } => path,
        };
        Ok(found.pieces.into_iter().map(told).collect())
    }

    #[test]
    fn settings_come_over_documents_and_both_in_the_order_of_their_names() {
        let names = [
            "/busbar/prod/text/queue",
            "/busbar/prod/20-more",
            "/busbar/prod/server/body_limit",
            "/busbar/prod/10-base",
        ];
        let expected = [
            "ssm /busbar/prod/10-base",
            "ssm /busbar/prod/20-more",
            "server.body_limit",
            "text.queue",
        ];
        assert_eq!(found(&names).unwrap(), expected);
    }

    #[test]
    fn what_is_neither_is_told_by_its_name_and_nothing_at_all_is_no_configuration() {
        let error = found(&["/busbar/prod/a/b/c"]).unwrap_err();
        assert!(error.message().contains("/busbar/prod/a/b/c"));
        assert_eq!(found(&[]).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
