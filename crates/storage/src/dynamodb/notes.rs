//! The port of notes, call by call. What a note is about stands before the `#` of its name, and is its `sk`.

use std::time::UNIX_EPOCH;

use busbar_core::{BoxFuture, Error, ErrorKind, Note, Notes, Result, Writing};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{DELETE, DynamoDb, GET, PUT, Written, item::text};

/// An item has 400 KB at most, its names and marks included.
const LARGEST: usize = 390 * 1024;

impl DynamoDb {
    async fn put_note(&self, writing: Writing<'_>) -> Result<Option<String>> {
        if writing.text.len() > LARGEST {
            let message = format!("an item of the table has {LARGEST} bytes at most");
            return Err(Error::new(ErrorKind::TooLarge, message).with_code("note_too_large"));
        }
        let mark = Uuid::new_v4().to_string();
        let mut item = key(writing.name);
        item["text"] = json!({ "S": writing.text });
        item["mark"] = json!({ "S": mark });
        if let Some(until) = writing.until {
            let until = until.duration_since(UNIX_EPOCH).unwrap_or_default();
            item["ttl"] = json!({ "N": until.as_secs().to_string() });
        }
        let mut body = json!({
            "TableName": self.table,
            "Item": item,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        });
        match writing.over {
            None => body["ConditionExpression"] = json!("attribute_not_exists(pk)"),
            Some(over) => {
                body["ConditionExpression"] = json!("mark = :over");
                body["ExpressionAttributeValues"] = json!({ ":over": { "S": over } });
            }
        }
        match self.write(PUT, &body).await? {
            Written::Yes => Ok(Some(mark)),
            // Ours after all: the answer to an earlier try was lost.
            Written::No { item, again } => {
                let ours = again && item.is_some_and(|item| text(&item, "mark") == Some(mark.as_str()));
                Ok(ours.then_some(mark))
            }
        }
    }
}

impl Notes for DynamoDb {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Note>>> {
        Box::pin(async move {
            let body = json!({ "TableName": self.table, "Key": key(name), "ConsistentRead": true });
            let answer = DynamoDb::read(self, GET, &body).await?;
            answer.get("Item").map(note).transpose()
        })
    }

    fn write<'a>(&'a self, writing: Writing<'a>) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(self.put_note(writing))
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let body = json!({ "TableName": self.table, "Key": key(name) });
            DynamoDb::write(self, DELETE, &body).await.map(drop)
        })
    }
}

fn key(name: &str) -> Value {
    let kind = name.split_once('#').map_or(name, |(kind, _)| kind);
    json!({ "pk": { "S": name }, "sk": { "S": kind } })
}

fn note(item: &Value) -> Result<Note> {
    let field = |name| text(item, name).map(str::to_owned);
    let nonsense = || Error::internal("the table holds something that is no note");
    Ok(Note {
        text: field("text").ok_or_else(nonsense)?,
        mark: field("mark").ok_or_else(nonsense)?,
    })
}
