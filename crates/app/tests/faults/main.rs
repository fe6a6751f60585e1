//! The fault matrix: whatever becomes of the first target, in whatever format it is asked, the client gets
//! one whole answer, once. The table in docs/routing.md says the same in words.
#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

mod client;
mod host;

use std::time::Duration;

use busbar_config::{Environment, Sources};
use futures_util::{StreamExt as _, stream};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

use client::Got;
use host::{FAULTS, FORMATS, Format};

/// Far longer than any answer here takes.
const AT_MOST: Duration = Duration::from_secs(60);

/// A format, a fault, and whether it is seen in the middle of a stream.
struct Row {
    format: Format,
    fault: &'static str,
    in_the_middle: bool,
}

fn rows() -> Vec<Row> {
    let of = |format: Format| {
        FAULTS.iter().map(move |(fault, in_the_middle)| Row {
            format,
            fault,
            in_the_middle: *in_the_middle,
        })
    };
    FORMATS.into_iter().flat_map(of).collect()
}

/// Addresses at which nobody answers, each in its own way, for as long as this is held.
struct Nobody {
    refuses: String,
    silent: String,
    _queue: Vec<TcpStream>,
    _listener: TcpListener,
}

impl Nobody {
    async fn new() -> Self {
        let gone = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(0).unwrap();
        let full = listener.local_addr().unwrap();
        // Once nobody takes them off the queue, further connections never come about.
        let mut queue = Vec::new();
        while queue.len() < 16 {
            let connecting = timeout(Duration::from_millis(200), TcpStream::connect(full));
            match connecting.await {
                Ok(Ok(connection)) => queue.push(connection),
                _ => break,
            }
        }
        Self {
            refuses: format!("http://{gone}"),
            silent: format!("http://{full}"),
            _queue: queue,
            _listener: listener,
        }
    }
}

fn configuration(home: &str, listen: &str, far: &str, nobody: &Nobody) -> String {
    let mut text = format!(
        "[server]\nlisten = \"{listen}\"\n[storage]\nhome = \"{home}\"\n[routing]\nfirst_event_timeout = \"4s\"\nbetween_events_timeout = \"4s\"\nalarm = 0\nbackoff = \"1ms\"\n"
    );
    for Row { format, fault, .. } in rows() {
        let address = match fault {
            "refused" => nobody.refuses.clone(),
            // Longer than a name may be: no resolver is asked.
            "dns" => format!("http://{}.invalid", "n".repeat(70)),
            "tls" => format!("{}/{}", far.replace("http://", "https://"), format.name()),
            "connect_timeout" => nobody.silent.clone(),
            fault => format!("{far}/{}/{fault}", format.name()),
        };
        let id = format!("{}-{fault}", format.name());
        text.push_str(&format.provider(&id, &address));
        // No other limit helps where no connection comes about.
        let times = match fault {
            "connect_timeout" => {
                ", connect_timeout = \"500ms\", first_event_timeout = \"5m\", whole_timeout = \"5m\""
            }
            _ => "",
        };
        text.push_str(&format!(
            "[[routes]]\nname = \"r-{id}\"\nwhole_timeout = \"4s\"\n[[routes.tiers]]\ntargets = [{{ model = \"{id}\"{times} }}]\n[[routes.tiers]]\ntargets = [\"{}-well\"]\n",
            format.name()
        ));
    }
    for format in FORMATS {
        let id = format!("{}-well", format.name());
        text.push_str(&format.provider(&id, &format!("{far}/{}/well", format.name())));
    }
    text
}

async fn check(address: &str, row: &Row) -> Vec<String> {
    let route = format!("r-{}-{}", row.format.name(), row.fault);
    let first = format!("{}-{}", row.format.name(), row.fault);
    let mut wrong = Vec::new();
    let got = [
        ("json", timeout(AT_MOST, client::json(address, &route)).await),
        ("sse", timeout(AT_MOST, client::sse(address, &route)).await),
        (
            "websocket",
            timeout(AT_MOST, client::socket(address, &route)).await,
        ),
    ];
    for (transport, got) in got {
        let cell = format!("{first} by {transport}");
        let Ok(got) = got else {
            wrong.push(format!("{cell}: no end"));
            continue;
        };
        let Got {
            text,
            model,
            ends,
            resumed,
            ..
        } = &got;
        if text != "one two three" || *ends != 1 {
            wrong.push(format!("{cell}: {got:?}"));
            continue;
        }
        let streams = transport != "json";
        if *resumed != (streams && row.in_the_middle) {
            wrong.push(format!("{cell}: resumed is {resumed}: {got:?}"));
        }
        let well = format!("{}-well", row.format.name());
        if !model.is_empty() && !*resumed && *model != well {
            wrong.push(format!("{cell}: `{model}` answered"));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_becomes_of_the_first_target_the_client_gets_one_whole_answer() {
    let far = host::start().await;
    let nobody = Nobody::new().await;
    let home = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let file = home.path().join("busbar.toml");
    let text = configuration(
        &home.path().display().to_string(),
        &free.to_string(),
        &far.url(),
        &nobody,
    );
    std::fs::write(&file, text).unwrap();
    let sources = Sources {
        environment: Environment::from_pairs::<&str, &str>([]),
        file: Some(file),
        flags: Vec::new(),
    };
    let configured = busbar_app::configure(sources, busbar_app::Role::All).await;
    let configured = configured.unwrap_or_else(|error| panic!("{error}"));
    let serving = tokio::spawn(busbar_app::serve(configured));
    let address = format!("127.0.0.1:{}", free.port());
    while TcpStream::connect(&address).await.is_err() {
        assert!(!serving.is_finished(), "{:?}", serving.await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    client::ready(&address).await;
    let rows = rows();
    let checking = stream::iter(&rows)
        .map(|row| check(&address, row))
        .buffer_unordered(rows.len());
    let wrong: Vec<String> = checking.concat().await;
    serving.abort();
    let cells = rows.len() * 3;
    assert!(
        wrong.is_empty(),
        "{} of {cells} cells:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(cells, 13 * 3 * 3);
}
