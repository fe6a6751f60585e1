//! A job as clients see it.

use busbar_jobs::{Artifact, Fault, Job, JobEvent, JobState, Milestone, Output, Phase, Progress};
use busbar_wire::{
    jobs::{
        ImageJob, ImageJobEvent, ImageJobFault, ImageJobPicture, ImageJobProgress, ImageJobRecipe,
        ImageJobState,
    },
    openai::images::ImageFileFormat,
};
use serde::Deserialize as _;
use serde_json::Value;

use super::desk::Links;

/// A job; its place in the queue where it is known.
pub(super) fn job(job: &Job, position: Option<usize>, links: &Links) -> ImageJob {
    let mut seen = ImageJob {
        id: job.id.to_string(),
        object: ImageJob::OBJECT.to_owned(),
        state: state(job.phase()),
        created_at: job.created.to_string(),
        expires_at: job.expires.to_string(),
        started_at: job.started.map(|at| at.to_string()),
        finished_at: job.finished.map(|at| at.to_string()),
        attempts: job.attempt,
        position,
        progress: None,
        recipe: recipe(&job.recipe).unwrap_or_else(unreadable),
        pictures: Vec::new(),
        notices: Vec::new(),
        error: None,
        faults: job.faults.iter().map(fault).collect(),
    };
    match &job.state {
        JobState::Running {
            progress: so_far,
            stopping,
            ..
        } => seen.progress = Some(progress(so_far, *stopping, links)),
        JobState::Succeeded { output } => {
            let recipes = output.detail["pictures"].as_array();
            let recipe_of = |at: usize| recipes.and_then(|all| recipe(all.get(at)?));
            let made = output.artifacts.iter().enumerate();
            seen.pictures = made
                .map(|(at, artifact)| picture(artifact, recipe_of(at), links))
                .collect();
            seen.notices = Vec::deserialize(&output.detail["notices"]).unwrap_or_default();
        }
        JobState::Failed => seen.error = job.fault().map(fault),
        JobState::Queued | JobState::Cancelled | JobState::Expired => {}
    }
    seen
}

/// Something that happened to a job.
pub(super) fn event(of: &Job, event: &JobEvent, links: &Links) -> ImageJobEvent {
    let mut seen = ImageJobEvent {
        seq: event.seq,
        at: event.at.to_string(),
        event: event.what.name().to_owned(),
        attempt: None,
        progress: None,
        error: None,
        job: event.what.is_last().then(|| job(of, None, links)),
    };
    match &event.what {
        Milestone::Started(attempt) => seen.attempt = Some(*attempt),
        Milestone::Progress(so_far) => {
            let stopping = matches!(of.state, JobState::Running { stopping: true, .. });
            seen.progress = Some(progress(so_far, stopping, links));
        }
        Milestone::Retrying(why) | Milestone::Failed(why) => seen.error = Some(fault(why)),
        _ => {}
    }
    seen
}

fn state(phase: Phase) -> ImageJobState {
    match phase {
        Phase::Queued => ImageJobState::Queued,
        Phase::Running => ImageJobState::Running,
        Phase::Succeeded => ImageJobState::Succeeded,
        Phase::Failed => ImageJobState::Failed,
        Phase::Cancelled => ImageJobState::Cancelled,
        Phase::Expired => ImageJobState::Expired,
    }
}

fn progress(progress: &Progress, stopping: bool, links: &Links) -> ImageJobProgress {
    let round = |seconds: f64| (seconds * 1000.0).round() / 1000.0;
    ImageJobProgress {
        step: progress.step,
        of: progress.of,
        percent: progress.percent(),
        seconds_per_step: progress.seconds_per_step.map(round),
        eta_seconds: progress.eta(links.now()).map(|eta| round(eta.as_secs_f64())),
        preview_url: progress.preview.map(|name| links.of(name)),
        stopping,
    }
}

fn picture(artifact: &Artifact, recipe: Option<ImageJobRecipe>, links: &Links) -> ImageJobPicture {
    ImageJobPicture {
        url: links.of(artifact.name),
        thumbnail_url: artifact.thumbnail.map(|name| links.of(name)),
        urls_expire_at: links.end().to_string(),
        content_type: artifact.name.media().content_type().to_owned(),
        bytes: artifact.bytes,
        recipe,
    }
}

fn fault(fault: &Fault) -> ImageJobFault {
    ImageJobFault {
        attempt: fault.attempt,
        message: fault.reason.clone(),
        code: fault.code.clone(),
        at: fault.at.to_string(),
    }
}

/// A recipe as it was recorded; the record's fields have the same names.
pub(super) fn recipe(recorded: &Value) -> Option<ImageJobRecipe> {
    ImageJobRecipe::deserialize(recorded).ok()
}

/// What pictures cost, US dollars; `None`: nobody said.
pub(super) fn cost(output: &Output) -> Option<f64> {
    output.detail["cost_usd"].as_f64()
}

/// In the place of a recipe of another version.
fn unreadable() -> ImageJobRecipe {
    ImageJobRecipe {
        model: String::new(),
        prompt: String::new(),
        negative_prompt: String::new(),
        width: None,
        height: None,
        steps: None,
        guidance: None,
        seed: None,
        scheduler: None,
        count: 0,
        strength: None,
        format: ImageFileFormat::Png,
    }
}
