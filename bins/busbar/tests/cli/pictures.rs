//! Pictures by the real program: asked for over HTTP, made by processes that are killed meanwhile, and
//! by the command line. The model is a tiny one with random weights.

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
};

use serde_json::{Value, json};

use crate::support::{
    Home, code_of,
    pictures::{Running, model, until},
    signal,
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn small(steps: u32) -> Value {
    json!({"prompt": "a red apple", "width": 64, "height": 64, "steps": steps, "seed": 7})
}

/// Every file of the jobs of a home.
fn files(home: &Home) -> BTreeSet<String> {
    fn under(folder: &Path, into: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => under(&path, into),
                path => drop(into.insert(path.display().to_string())),
            }
        }
    }
    let mut found = BTreeSet::new();
    under(&home.path().join("jobs/files"), &mut found);
    found
}

#[test]
fn a_picture_is_asked_for_watched_fetched_and_forgotten() {
    let home = Home::new();
    let server = Running::server(&home, &["--set", "images.url_lifetime=4s"]);
    let models = server.get("/v1/models").text();
    assert!(models.contains("\"tiny\""), "{models}");
    // Wide enough to have a small picture of it.
    let body = json!({"prompt": "a red apple", "width": 328, "height": 64, "steps": 40, "preview_every": 1});
    let id = server.submit(&body);
    let told = server.get(&format!("/v1/images/jobs/{id}/events")).text();
    for event in ["queued", "started", "progress", "succeeded"] {
        assert!(
            told.contains(&format!("event: {event}\n")),
            "no {event} in {told}"
        );
    }
    assert!(told.contains("preview_url"), "{told}");
    let job = server.over(&id);
    let picture = &job["pictures"][0];
    let url = picture["url"].as_str().unwrap().to_owned();
    let file = server.get(&url);
    assert_eq!(
        (file.status, file.header("content-type")),
        (200, Some("image/png"))
    );
    assert!(file.body.starts_with(PNG));
    assert_eq!(picture["recipe"]["steps"], 40);
    assert_eq!(picture["recipe"]["width"], 328);
    let small = server.get(picture["thumbnail_url"].as_str().unwrap());
    assert_eq!(small.header("content-type"), Some("image/jpeg"));
    let part = server.ask("GET", &url, "range: bytes=0-7\r\n", "");
    assert_eq!((part.status, &*part.body), (206, PNG));
    until("the address ends", || server.get(&url).status == 403);
    assert!(server.get(&url).text().contains("signature_expired"));
    // Whoever asks for the job again has a new one.
    let again = server.job(&id)["pictures"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&again).status, 200);
    let metrics = server.get("/metrics").text();
    assert!(
        metrics.contains(r#"busbar_images_total{model="tiny"} 1"#),
        "{metrics}"
    );
    let deleted = server.ask("DELETE", &format!("/v1/images/jobs/{id}"), "", "");
    assert_eq!((deleted.status, files(&home).len()), (204, 0));
}

#[test]
fn a_job_whose_worker_is_killed_is_taken_up_again_at_whatever_step() {
    let home = Home::new();
    let server = Running::server(&home, &["--role", "api"]);
    let tiny = model("tiny");
    for step in [0, 1, 60] {
        let mut body = small(400);
        body["preview_every"] = 1.into();
        let id = server.submit(&body);
        let worker = Running::worker(&home, &tiny);
        let mut seen = Value::Null;
        until("the job has come so far", || {
            seen = server.job(&id);
            let done = seen["progress"]["step"].as_u64();
            seen["state"] == "succeeded" || done.is_some_and(|done| done >= step)
        });
        assert_eq!(seen["state"], "running", "it was too quick to be killed: {seen}");
        worker.killed();
        assert_eq!(server.job(&id)["state"], "running", "nobody has told of its end");
        let _another = Running::worker(&home, &tiny);
        let job = server.over(&id);
        assert_eq!(job["state"], "succeeded", "{job}");
        assert_eq!(job["faults"][0]["code"], "worker_lost", "{job}");
        assert_eq!(job["pictures"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn two_workers_and_fifty_jobs_and_one_killed_again_and_again_lose_nothing() {
    let home = Home::new();
    let server = Running::server(&home, &["--role", "api"]);
    let tiny = model("tiny");
    let submit = |number: usize| {
        let key = format!("idempotency-key: job-{number}\r\n");
        let answer = server.ask("POST", "/v1/images/jobs", &key, &small(30).to_string());
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    };
    let ids: Vec<String> = (0..50).map(submit).collect();
    let _steady = Running::worker(&home, &tiny);
    let mut kills = 0;
    let is_over = |id: &String| !matches!(server.job(id)["state"].as_str(), Some("queued" | "running"));
    while !ids.iter().all(is_over) && kills < 6 {
        let worker = Running::worker(&home, &tiny);
        let done = ids.iter().filter(|id| is_over(id)).count();
        until("some more are done", || {
            let now = ids.iter().filter(|id| is_over(id)).count();
            now >= (done + 3).min(ids.len())
        });
        worker.killed();
        kills += 1;
    }
    let mut pictures = BTreeSet::new();
    for id in &ids {
        let job = server.over(id);
        assert_eq!(job["state"], "succeeded", "{job}");
        let made = job["pictures"].as_array().unwrap();
        assert_eq!(made.len(), 1, "{job}");
        let url = made[0]["url"].as_str().unwrap();
        assert!(server.get(url).body.starts_with(PNG));
        pictures.insert(url.split('?').next().unwrap().to_owned());
    }
    assert_eq!(pictures.len(), ids.len(), "each job has a picture of its own");
    // The same requests again are the same jobs: nothing is made twice.
    let again: Vec<String> = (0..50).map(submit).collect();
    assert_eq!(again, ids);
    let listed = server.get("/v1/images/jobs?limit=100").json();
    assert_eq!(listed["data"].as_array().unwrap().len(), ids.len());
}

#[test]
fn what_cannot_be_made_or_kept_ends_with_its_reason() {
    let home = Home::new();
    let server = Running::server(&home, &["--role", "api", "--set", "jobs.tries=1"]);
    // The model is not among those of the only worker.
    let id = server.submit(&small(2));
    let stranger = Running::worker(&home, &model("other"));
    let job = server.over(&id);
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("failed"), &json!("model_not_found"))
    );
    stranger.killed();
    // Where the job's files should lie, something else does.
    let id = server.submit(&small(2));
    std::fs::write(home.path().join("jobs/files").join(&id), "in the way").unwrap();
    let _worker = Running::worker(&home, &model("tiny"));
    let job = server.over(&id);
    assert_eq!(job["state"], "failed", "{job}");
    let why = job["error"]["message"].as_str().unwrap();
    assert!(!why.is_empty() && job["error"]["code"].is_string(), "{job}");
    // And the next one is made as if nothing had been.
    assert_eq!(server.over(&server.submit(&small(2)))["state"], "succeeded");
}

#[test]
fn whoever_asked_to_be_told_is_told_of_the_end_with_a_signature() {
    let home = Home::new();
    let server = Running::server(&home, &["--set", "fetch.allow=127.0.0.0/8"]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut body = small(2);
    body["webhook"] = json!({"url": format!("http://{}/told", listener.local_addr().unwrap())});
    let id = server.submit(&body);
    let (mut socket, _) = listener.accept().unwrap();
    let mut told = Vec::new();
    let mut piece = [0; 4096];
    while !told.ends_with(b"}}") {
        let read = socket.read(&mut piece).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&told));
        told.extend_from_slice(&piece[..read]);
    }
    socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    let told = String::from_utf8(told).unwrap();
    assert!(told.starts_with("POST /told HTTP/1.1\r\n"), "{told}");
    assert!(told.contains("webhook-signature: v1,"), "{told}");
    assert!(
        told.contains("\"type\":\"image.succeeded\"") && told.contains(&id),
        "{told}"
    );
    let secrets = std::fs::read_to_string(home.path().join("jobs/webhook-secrets")).unwrap();
    assert!(secrets.starts_with("whsec_"));
}

#[test]
fn jobs_are_listed_shown_and_stopped_from_the_data_directory_and_from_a_server() {
    let home = Home::new();
    let nothing = home.run(["jobs", "list"]);
    assert_eq!((nothing.code, nothing.out.trim()), (Some(0), "no jobs"));
    let server = Running::server(&home, &["--role", "api"]);
    let id = server.submit(&small(2));
    let own = home.path().display().to_string();
    let url = server.url();
    for place in [["--home", &own], ["--url", &url]] {
        let run = |more: &[&str]| home.run(["jobs"].iter().chain(more).chain(&place));
        let listed = run(&["list", "--state", "queued"]);
        assert!(listed.out.contains(&id), "{}{}", listed.out, listed.err);
        let shown: Value = serde_json::from_str(&run(&["show", &id]).out).unwrap();
        assert_eq!(shown["recipe"]["prompt"], "a red apple");
        let unknown = run(&["show", "nothing"]);
        assert_eq!(unknown.code, Some(1), "{}", unknown.err);
    }
    let stopped = home.run(["jobs", "cancel", &id, "--home", &own]);
    assert!(
        stopped.out.contains("cancelled"),
        "{}{}",
        stopped.out,
        stopped.err
    );
    assert_eq!(server.job(&id)["state"], "cancelled");
}

#[test]
fn a_picture_is_imagined_without_a_server_and_the_same_with_one() {
    let home = Home::new();
    let folder = model("tiny").split_once('=').unwrap().1.to_owned();
    let imagine = |more: &[&str]| {
        let always = [
            "imagine", "a", "red", "apple", "--size", "64x64", "--steps", "3", "--seed", "7",
        ];
        home.run(always.iter().chain(more))
    };
    let made = imagine(&["-m", &folder, "-o", "a.png"]);
    assert_eq!(
        (made.code, made.out.trim()),
        (Some(0), "a.png  (seed 7)"),
        "{}",
        made.err
    );
    assert!(made.err.contains("denoising: 1 of "), "{}", made.err);
    let a = std::fs::read(home.path().join("a.png")).unwrap();
    assert!(a.starts_with(PNG));
    let refused = imagine(&["-m", &folder, "-o", "a.png"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("--force"), "{}", refused.err);
    let server = Running::server(&home, &[]);
    let (name, url) = ("tiny", server.url());
    let theirs = imagine(&["-m", name, "-o", "b.png", "--url", &url]);
    assert_eq!(theirs.code, Some(0), "{}", theirs.err);
    let b = std::fs::read(home.path().join("b.png")).unwrap();
    // The recipes within name the model differently; the pictures' data is one.
    let data = |file: &[u8]| {
        let at = file.windows(4).position(|four| four == b"IDAT").unwrap();
        file[at..].to_vec()
    };
    assert_eq!(data(&a), data(&b));
    let wrong = imagine(&["-o", "c.gif"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.err);
}

#[test]
fn an_interrupted_picture_leaves_no_file() {
    let home = Home::new();
    let folder = model("tiny").split_once('=').unwrap().1.to_owned();
    let mut command = home.busbar([
        "imagine", "fog", "-m", &folder, "--steps", "500", "--count", "16", "-o", "fog.png",
    ]);
    command
        .args(["--size", "512x512"])
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut log = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut log, &mut line).unwrap();
    assert!(line.contains("denoising"), "{line}");
    signal(&child, "INT");
    assert_eq!(code_of(&mut child), Some(130));
    let left = std::fs::read_dir(home.path()).unwrap().flatten();
    let left: Vec<_> = left.filter(|entry| entry.path().is_file()).collect();
    assert!(left.is_empty(), "{left:?}");
}
