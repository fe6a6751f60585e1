//! A hosted model that makes vectors.

use busbar_core::{BoxFuture, Context, EmbedRequest, Embedder, Embeddings, Error, ErrorKind, Result, Usage};
use busbar_wire::upstream::Said;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    chat::{CountHeaders, MOST_OF_AN_ANSWER},
    host::{Call, Host},
};

/// Hosts that take one text a request are asked so many at a time.
const AT_ONCE: usize = 8;
/// A vector is of length 1 if its square is no further away from it.
const CLOSE: f32 = 1e-3;

/// A hosted model that makes vectors.
#[derive(Clone, Debug)]
pub struct HostedEmbed {
    /// Where it is.
    pub host: Host,
    /// How it is called.
    pub call: Call,
    /// Its name there.
    pub model: String,
    /// What it is asked in.
    pub format: EmbedFormat,
}

/// A format for vectors: functions of `wire`.
#[derive(Clone, Copy, Debug)]
pub struct EmbedFormat {
    /// The bodies that ask for all vectors, in order.
    pub write: fn(&EmbedRequest, &str) -> Vec<Bytes>,
    /// The vectors in an answer.
    pub read: fn(&[u8]) -> Result<Embeddings>,
    /// What a refusal says.
    pub said: fn(&[u8]) -> Said,
    /// The headers in which tokens are counted, where the body does not do so.
    pub counts: Option<CountHeaders>,
}

impl Embedder for HostedEmbed {
    fn embed(&self, request: EmbedRequest) -> BoxFuture<'_, Result<Embeddings>> {
        Box::pin(self.ask(request))
    }
}

impl HostedEmbed {
    async fn ask(&self, request: EmbedRequest) -> Result<Embeddings> {
        let bodies = (self.format.write)(&request, &self.model);
        let calls: Vec<_> = bodies
            .into_iter()
            .map(|body| self.one(body, &request.context))
            .collect();
        let answers: Vec<Embeddings> = stream::iter(calls).buffered(AT_ONCE).try_collect().await?;
        let mut all = Embeddings {
            vectors: Vec::with_capacity(request.inputs.len()),
            usage: Usage::default(),
        };
        for answer in answers {
            all.vectors.extend(answer.vectors);
            all.usage += answer.usage;
        }
        if all.vectors.len() != request.inputs.len() {
            let (host, got, wanted) = (&self.host.name, all.vectors.len(), request.inputs.len());
            let message = format!("`{host}` sent {got} vectors for {wanted} texts");
            return Err(Error::new(ErrorKind::BadUpstream, message));
        }
        if let Some(wanted) = request.dimensions
            && let Some(other) = all.vectors.iter().find(|vector| vector.len() != wanted as usize)
        {
            let (host, got) = (&self.host.name, other.len());
            let message = format!("`{host}` sent vectors of {got} dimensions where {wanted} were asked for");
            return Err(Error::new(ErrorKind::BadUpstream, message));
        }
        all.vectors.iter_mut().for_each(|vector| normalize(vector));
        Ok(all)
    }

    /// Boxed: each holds the state of a whole exchange.
    fn one<'a>(&'a self, body: Bytes, context: &'a Context) -> BoxFuture<'a, Result<Embeddings>> {
        Box::pin(async move {
            let answer = self
                .host
                .post(&self.call, body, context, &self.format.said)
                .await?;
            let body = answer.body.whole(MOST_OF_AN_ANSWER).await;
            let mut made = (self.format.read)(&body.map_err(|why| self.host.explain(why))?)?;
            if let Some(counts) = self.format.counts
                && made.usage == Usage::default()
            {
                made.usage = counts.read(&answer.headers);
            }
            Ok(made)
        })
    }
}

/// Makes a vector of length 1, where it has a direction.
fn normalize(vector: &mut [f32]) {
    let square: f32 = vector.iter().map(|value| value * value).sum();
    if !square.is_normal() || (square - 1.0).abs() < CLOSE {
        return;
    }
    let length = square.sqrt();
    vector.iter_mut().for_each(|value| *value /= length);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_made_of_length_one_and_nothing_stays_nothing() {
        let mut vector = [3.0, 4.0];
        normalize(&mut vector);
        assert_eq!(vector, [0.6, 0.8]);
        let mut nothing = [0.0, 0.0];
        normalize(&mut nothing);
        assert_eq!(nothing, [0.0, 0.0]);
    }
}
