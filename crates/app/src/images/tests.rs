//! Pictures from a job to a file: what is written, and what is kept beside it.

use busbar_core::{
    BoxFuture, Capabilities, GeneratedImage, ImageDone, ImageEvent, ImageModel, ImageRequest, ImageStream,
    Model, ModelCard, Models, Pixels, Tenant,
};
use busbar_jobs::{Job, JobState, MediaType, NewJob, Phase, image::ImageRecipe};
use bytes::Bytes;
use futures_util::TryStreamExt as _;

use super::*;
use crate::clock::SystemClock;

const VALID_FOR: Duration = Duration::from_secs(3600);

/// Makes one grey picture.
#[derive(Debug)]
struct Grey;

impl ImageModel for Grey {
    fn generate(&self, _: ImageRequest) -> BoxFuture<'_, Result<ImageStream>> {
        Box::pin(async {
            let picture = ImageEvent::Picture(GeneratedImage {
                index: 0,
                pixels: Pixels::new(400, 8, Bytes::from(vec![128; 400 * 8 * 3]))?,
                // A model that keeps its settings to itself.
                recipe: busbar_core::ImageRecipe::default(),
            });
            let told = [
                ImageEvent::Step { done: 1, total: 1 },
                picture,
                ImageEvent::Done(ImageDone::default()),
            ];
            let stream: ImageStream = Box::pin(futures_util::stream::iter(told.map(Ok)));
            Ok(stream)
        })
    }
}

fn grey() -> Models {
    let card = ModelCard {
        id: "grey".into(),
        title: "grey".into(),
        host: "test".into(),
        licence: "MIT".into(),
        capabilities: Capabilities::default(),
        price: None,
    };
    Models::default().with(Model {
        image: Some(Arc::new(Grey)),
        ..Model::new(card)
    })
}

fn settings(home: &Path) -> StudioSettings {
    StudioSettings {
        storage: Storage {
            home: home.to_owned(),
            ..Storage::default()
        },
        distribution: None,
        policy: Policy::default(),
        url_lifetime: VALID_FOR,
        sweep_every: Duration::from_secs(30),
        webhooks: Rules::default(),
        work: Some(RunnerPolicy::default()),
        answer: RunnerPolicy::default(),
        notices: None,
        by_event: false,
    }
}

fn metrics() -> Arc<Metrics> {
    Metrics::new(crate::about::build_info(), Arc::new(SystemClock))
}

async fn open(home: &Path, roster: &Roster) -> Studio {
    Studio::open(settings(home), roster, Arc::new(SystemClock), metrics())
        .await
        .unwrap()
}

async fn submit(studio: &Studio) -> Job {
    let new = NewJob {
        kind: ImageJobs::kind(),
        recipe: serde_json::to_value(ImageRecipe::new("grey", "fog")).unwrap(),
        inputs: vec![],
        key: None,
        hook: None,
        expires_in: None,
    };
    let submitted = studio.pictures().jobs.submit(&Tenant::default(), new).await;
    submitted.unwrap().job
}

async fn made(studio: &Studio, job: &Job) -> Job {
    const PATIENCE: Duration = Duration::from_secs(60);
    let looking = async {
        loop {
            let latest = studio.pictures().jobs.get(&job.tenant, job.id).await.unwrap();
            if latest.is_over() {
                return latest;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap()
}

#[tokio::test]
async fn a_job_waits_for_its_model_through_restarts_and_ends_as_files() {
    let home = tempfile::tempdir().unwrap();
    let before = open(home.path(), &Roster::loading()).await;
    let job = submit(&before).await;
    let keys = before.pictures().keys.get().await.unwrap();
    before.ended().await;

    let roster = Roster::loading();
    let studio = open(home.path(), &roster).await;
    let query = keys.sign("/a", job.created, VALID_FOR);
    let keys = studio.pictures().keys.get().await.unwrap();
    let same = keys.verify("/a", &query, job.created);
    assert!(same.is_ok(), "addresses outlive a restart");
    roster.publish(grey(), Readiness::Ready);
    let job = made(&studio, &job).await;
    let JobState::Succeeded { output } = &job.state else {
        unreachable!("{job:?}")
    };
    let picture = &output.artifacts[0];
    assert_eq!(picture.name.media(), MediaType::Png);
    assert_eq!(picture.thumbnail.unwrap().media(), MediaType::Jpeg);
    let body = studio.pictures().jobs.artifacts().get(picture.name, None).await;
    let file: Vec<Bytes> = body.unwrap().chunks.try_collect().await.unwrap();
    assert!(file.concat().starts_with(b"\x89PNG"));
    studio.ended().await;
}

#[tokio::test]
async fn jobs_are_left_alone_where_no_model_makes_pictures() {
    let home = tempfile::tempdir().unwrap();
    let studio = open(home.path(), &Roster::from(Models::default())).await;
    let job = submit(&studio).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    let job = studio.pictures().jobs.get(&job.tenant, job.id).await.unwrap();
    assert_eq!(job.phase(), Phase::Queued);
    studio.ended().await;
}

#[tokio::test]
async fn a_data_directory_of_no_use_is_said_so() {
    let home = tempfile::NamedTempFile::new().unwrap();
    let (roster, clock) = (Roster::loading(), Arc::new(SystemClock));
    let opened = Studio::open(settings(home.path()), &roster, clock, metrics()).await;
    assert_eq!(opened.unwrap_err().code(), Some("storage_unwritable"));
}
