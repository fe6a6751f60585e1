//! A table, queues and a bucket at an emulator, as deploy/aws/modules/data makes them.

use std::time::{Duration, Instant};

use busbar_core::{Context, RequestId};
use busbar_providers::services::{Account, Location};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::elsewhere;

/// Makes all of it under one name. Messages are dead after so many deliveries.
pub(crate) async fn prepare(address: &str, name: &str, queues: &[&str], receives: u32) {
    let account = elsewhere::account(address).unwrap();
    ask(&account, "dynamodb", "DynamoDB_20120810.CreateTable", table(name)).await;
    for queue in queues {
        let dead = format!("{name}-{queue}-dead");
        ask(
            &account,
            "sqs",
            "AmazonSQS.CreateQueue",
            json!({ "QueueName": dead }),
        )
        .await;
        let redrive = json!({
            "deadLetterTargetArn": format!("arn:aws:sqs:{}:000000000000:{dead}", elsewhere::REGION),
            "maxReceiveCount": receives,
        });
        let queue = json!({
            "QueueName": format!("{name}-{queue}"),
            "Attributes": { "RedrivePolicy": redrive.to_string() },
        });
        ask(&account, "sqs", "AmazonSQS.CreateQueue", queue).await;
    }
    let context = Context::new(RequestId::new("test")).due(Instant::now() + Duration::from_secs(30));
    let bucket = Location::new(&format!("s3://{name}")).unwrap();
    let objects = account.objects().unwrap();
    let here = format!(
        "<CreateBucketConfiguration><LocationConstraint>{}</LocationConstraint></CreateBucketConfiguration>",
        elsewhere::REGION
    );
    objects
        .put(&bucket, Bytes::from(here), "application/xml", &context)
        .await
        .unwrap();
}

async fn ask(account: &Account, service: &'static str, operation: &'static str, body: Value) {
    let service = account.service(service).unwrap();
    let body = Bytes::from(body.to_string());
    service
        .ask(operation, body, Duration::from_secs(30))
        .await
        .unwrap();
}

fn table(name: &str) -> Value {
    let key = |hash: &str, range: &str| {
        json!([
            { "AttributeName": hash, "KeyType": "HASH" },
            { "AttributeName": range, "KeyType": "RANGE" },
        ])
    };
    let texts = ["pk", "sk", "id", "tenant", "waiting", "shard"];
    let mut attributes: Vec<Value> = texts
        .iter()
        .map(|name| json!({ "AttributeName": name, "AttributeType": "S" }))
        .collect();
    attributes.push(json!({ "AttributeName": "due", "AttributeType": "N" }));
    let index = |name: &str, hash: &str, range: &str, projection: &str| {
        json!({
            "IndexName": name,
            "KeySchema": key(hash, range),
            "Projection": { "ProjectionType": projection },
        })
    };
    json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": attributes,
        "KeySchema": key("pk", "sk"),
        "GlobalSecondaryIndexes": [
            index("tenant", "tenant", "id", "ALL"),
            index("waiting", "waiting", "id", "KEYS_ONLY"),
            index("due", "shard", "due", "ALL"),
        ],
    })
}
