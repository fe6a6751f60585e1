//! Which duty an event is for: it is seen by the event alone, so that one artefact does all of them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use busbar_app::Hands;
use lambda_http::{Context, Error, request::LambdaRequest};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::worker;

/// Queues, as they sign their messages.
const QUEUES: &str = "aws:sqs";
/// Clocks, as they sign their events.
const CLOCKS: &[&str] = &["aws.events", "aws.scheduler"];
/// Before its time is up a function has to have said what is not done, and given it back.
const SPARE: Duration = Duration::from_secs(15);

/// An event.
pub(crate) enum Event {
    /// Somebody waits for an answer.
    Request(Box<LambdaRequest>),
    /// Nobody does.
    Work(Work),
}

/// What is to be done without anybody waiting.
pub(crate) enum Work {
    /// Messages of a queue.
    Messages(Vec<worker::Message>),
    /// It is time to tidy up.
    Tick,
}

/// What a function says in the end.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Answer<R> {
    /// To a request.
    Response(Box<R>),
    /// The messages that come again.
    Failed(worker::Failed),
    /// Nothing.
    Nothing,
}

/// As much of an event as tells who sent it.
#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(default, rename = "Records", borrow)]
    records: Vec<&'a RawValue>,
    #[serde(default)]
    source: Option<String>,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Box::<RawValue>::deserialize(deserializer)?;
        let sent = serde_json::from_str::<Sent<'_>>(event.get()).ok();
        if let Some(sent) = sent {
            if sent
                .source
                .as_deref()
                .is_some_and(|source| CLOCKS.contains(&source))
            {
                return Ok(Self::Work(Work::Tick));
            }
            if !sent.records.is_empty() {
                let records = sent
                    .records
                    .iter()
                    .map(|record| serde_json::from_str(record.get()));
                let messages: Vec<worker::Message> =
                    records.collect::<Result<_, _>>().map_err(D::Error::custom)?;
                if let Some(other) = messages.iter().find(|message| message.source != QUEUES) {
                    let message = format!("records of `{}` are nobody's duty here", other.source);
                    return Err(D::Error::custom(message));
                }
                return Ok(Self::Work(Work::Messages(messages)));
            }
        }
        let request = serde_json::from_str(event.get()).map_err(D::Error::custom)?;
        Ok(Self::Request(Box::new(request)))
    }
}

impl Work {
    /// Does it, within the function's time.
    ///
    /// # Errors
    /// Where there is no place for jobs here.
    pub(crate) async fn done<R>(self, hands: Option<&Hands>, context: &Context) -> Result<Answer<R>, Error> {
        let hands = hands.ok_or("there is no place for jobs: see `storage` in the configuration")?;
        let until = until(context.deadline, SystemTime::now());
        match self {
            Self::Messages(messages) => {
                let failed = worker::work(hands, messages, until).await;
                Ok(Answer::Failed(failed))
            }
            Self::Tick => {
                hands.tidy(until).await;
                Ok(Answer::Nothing)
            }
        }
    }
}

/// When to stop: some time before the deadline, in milliseconds since 1970.
fn until(deadline: u64, now: SystemTime) -> Instant {
    let deadline = UNIX_EPOCH + Duration::from_millis(deadline);
    let left = deadline.duration_since(now).unwrap_or_default();
    Instant::now() + left.saturating_sub(SPARE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &str) -> Result<Event, serde_json::Error> {
        serde_json::from_str(event)
    }

    #[test]
    fn an_event_says_by_itself_which_duty_it_is_for() {
        let messages = r#"{"Records":[{"messageId":"1","receiptHandle":"r","body":"b","eventSource":"aws:sqs",
            "attributes":{"ApproximateReceiveCount":"2","SentTimestamp":"1700000000000"},
            "eventSourceARN":"arn:aws:sqs:eu-west-1:1:busbar-jobs-image","awsRegion":"eu-west-1"}]}"#;
        assert!(matches!(read(messages), Ok(Event::Work(Work::Messages(all))) if all.len() == 1));
        let tick = r#"{"version":"0","source":"aws.events","detail-type":"Scheduled Event","detail":{}}"#;
        assert!(matches!(read(tick), Ok(Event::Work(Work::Tick))));
        let request = r#"{"version":"2.0","routeKey":"$default","rawPath":"/healthz","rawQueryString":"",
            "headers":{"host":"h"},"isBase64Encoded":false,"requestContext":{"accountId":"1","apiId":"a",
            "stage":"$default","requestId":"r","routeKey":"$default","timeEpoch":1,
            "http":{"method":"GET","path":"/healthz","protocol":"HTTP/1.1","sourceIp":"1.2.3.4","userAgent":"u"}}}"#;
        assert!(matches!(read(request), Ok(Event::Request(_))));
    }

    #[test]
    fn what_is_nobodys_duty_is_refused() {
        let objects = r#"{"Records":[{"eventSource":"aws:s3","messageId":"","receiptHandle":"","body":"",
            "eventSourceARN":""}]}"#;
        assert!(read(objects).is_err());
        assert!(read(r#"{"hello":1}"#).is_err());
    }

    #[test]
    fn it_ends_before_its_time_is_up() {
        let (now, left) = (UNIX_EPOCH + Duration::from_secs(100), Duration::from_secs(60));
        let at = until(160_000, now);
        assert!(at <= Instant::now() + left - SPARE);
        assert!(until(0, now) <= Instant::now());
    }
}
