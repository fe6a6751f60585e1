//! Answers of routes that are kept on disk, and a server that is killed while it writes them.

use std::fs;

use super::scene::{Scene, Serving};

fn caching(scene: &Scene) -> String {
    let route = "[[routes]]\nname = \"r\"\ncache_for = \"1h\"\n[[routes.tiers]]\ntargets = [\"m\"]\n";
    let kept = "[storage]\nanswers = \"1 MiB\"\n";
    format!("{}{route}", scene.serving("one").replace("[storage]\n", kept))
}

impl Serving {
    fn ask_route(&self, question: u32) -> (u16, String) {
        let body = format!(r#"{{"model":"r","messages":[{{"role":"user","content":"{question}"}}]}}"#);
        let (status, answer) = self.post("/v1/chat/completions", &body);
        let said: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
        let content = said["choices"][0]["message"]["content"].as_str();
        (status, content.map_or(answer, str::to_owned))
    }

    fn hits(&self) -> u32 {
        let (_, metrics) = self.get("/metrics");
        let hit = |line: &&str| line.starts_with("busbar_route_cache_total{") && line.contains("\"hit\"");
        let line = metrics.lines().find(hit);
        line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }
}

#[test]
fn answers_outlive_a_server_that_is_killed_while_it_writes_them() {
    let scene = Scene::new();
    scene.write(&caching(&scene));
    let mut hits = 0;
    for round in 1..=4 {
        let server = scene.start();
        for question in 0..round * 40 {
            assert_eq!(server.ask_route(question), (200, "one".to_owned()), "{question}");
        }
        hits = server.hits();
        // The last answers are being written at this moment.
        server.kill();
    }
    assert!(hits > 0, "nothing was found again");
    // Whatever a crash may leave of a file, nobody gets it.
    let answers = scene.home.path().join("data/answers");
    for folder in fs::read_dir(answers).unwrap().flatten() {
        for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let bytes = fs::read(file.path()).unwrap();
            fs::write(file.path(), &bytes[..bytes.len() / 2]).unwrap();
        }
    }
    let server = scene.start();
    for question in 0..40 {
        assert_eq!(server.ask_route(question), (200, "one".to_owned()), "{question}");
    }
    assert_eq!(server.hits(), 0);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_folder_that_cannot_be_used_keeps_nobody_from_answering() {
    let scene = Scene::new();
    scene.write(&caching(&scene));
    fs::create_dir_all(scene.home.path().join("data")).unwrap();
    fs::write(scene.home.path().join("data/answers"), "no folder").unwrap();
    let server = scene.start();
    for _ in 0..2 {
        assert_eq!(server.ask_route(1), (200, "one".to_owned()));
    }
    assert_eq!(server.hits(), 1, "memory is there nevertheless");
    assert!(server.logged("answers are kept in memory only").contains("WARN"));
}
