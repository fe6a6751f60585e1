//! The runner and what clients see of jobs, on stores in memory and a clock that stands still.
use crate::common::{HOUR, Scene, recipe};
use busbar_core::{Error, ErrorKind, Tenant};
use busbar_jobs::{Cancelled, JobState, MediaType, Milestone, Output, Phase, QueueName, Stopper};
use bytes::Bytes;

#[tokio::test]
async fn a_job_is_done_and_its_files_are_kept() {
    let scene = Scene::new(|work| async move {
        work.report.step(1, 2)?;
        let artifact = work.keep(Bytes::from_static(b"png"), MediaType::Png).await?;
        work.keep(Bytes::from_static(b"nobody names it"), MediaType::Png)
            .await?;
        Ok(Output {
            artifacts: vec![artifact],
            ..Output::default()
        })
    });
    let job = scene.submit(None).await;
    assert_eq!(scene.jobs.position(&job).await.unwrap(), Some(1));
    assert_eq!(scene.run().await, 1);
    let job = scene.get(&job).await;
    let JobState::Succeeded { output } = &job.state else {
        unreachable!("{job:?}")
    };
    let stored = scene
        .jobs
        .artifacts()
        .head(output.artifacts[0].name)
        .await
        .unwrap();
    assert_eq!(stored.bytes, 3);
    assert_eq!(
        scene.jobs.artifacts().remove_all(job.id).await.unwrap(),
        1,
        "one file is named"
    );
    assert_eq!(scene.messages().await, 0);
}

#[tokio::test]
async fn what_another_try_may_mend_is_tried_again_after_a_pause() {
    let scene = Scene::new(|work| async move {
        match work.job.attempt {
            1 => Err(Error::new(ErrorKind::Unavailable, "no room").with_code("storage_full")),
            _ => Ok(Output::default()),
        }
    });
    let job = scene.submit(None).await;
    scene.run().await;
    let waiting = scene.get(&job).await;
    assert_eq!(waiting.phase(), Phase::Queued);
    assert_eq!(waiting.fault().unwrap().code.as_deref(), Some("storage_full"));
    assert_eq!(scene.run().await, 0, "the pause has not passed");
    scene.clock.advance(HOUR);
    scene.run().await;
    assert_eq!(scene.get(&job).await.phase(), Phase::Succeeded);
}

#[tokio::test]
async fn a_job_that_fails_too_often_is_given_up_with_its_reasons() {
    let scene = Scene::new(|_| async { Err(Error::new(ErrorKind::Unavailable, "no room")) });
    let job = scene.submit(None).await;
    for _ in 0..10 {
        scene.run().await;
        scene.clock.advance(HOUR);
    }
    let job = scene.get(&job).await;
    assert_eq!(
        (job.phase(), job.attempt, job.faults.len()),
        (Phase::Failed, 3, 3)
    );
    assert_eq!(scene.dead().await, 1);
    assert_eq!(scene.messages().await, 0);
}

#[tokio::test]
async fn what_no_try_can_mend_is_given_up_at_once() {
    let scene = Scene::new(|_| async {
        Err(Error::new(ErrorKind::NotFound, "the model is gone").with_code("model_not_found"))
    });
    let job = scene.submit(None).await;
    scene.run().await;
    let job = scene.get(&job).await;
    assert_eq!((job.phase(), job.attempt), (Phase::Failed, 1));
    assert_eq!(job.fault().unwrap().reason, "the model is gone");
    assert_eq!(scene.dead().await, 1);
}

#[tokio::test]
async fn a_handler_that_panics_is_a_failed_start() {
    let scene = Scene::new(|work| async move {
        assert!(work.job.attempt > 1, "broken");
        Ok(Output::default())
    });
    let job = scene.submit(None).await;
    scene.run().await;
    scene.clock.advance(HOUR);
    scene.run().await;
    let job = scene.get(&job).await;
    assert_eq!(job.phase(), Phase::Succeeded);
    assert_eq!(job.faults[0].code.as_deref(), Some("worker_broke"));
}

#[tokio::test]
async fn a_waiting_job_is_cancelled_at_once_and_never_done() {
    let scene = Scene::new(|_| async { Err(Error::internal("it was done all the same")) });
    let job = scene.submit(None).await;
    let cancelled = scene.cancel(&job).await;
    assert!(matches!(cancelled, Cancelled::AtOnce(job) if job.phase() == Phase::Cancelled));
    scene.run().await;
    assert_eq!(scene.get(&job).await.phase(), Phase::Cancelled);
    assert!(matches!(scene.cancel(&job).await, Cancelled::TooLate(_)));
}

#[tokio::test]
async fn a_running_job_is_cancelled_before_its_next_step() {
    let scene = Scene::new(|work| async move {
        work.report.step(0, 1)?;
        work.report.signal().wait().await;
        work.report.step(1, 1)?;
        Ok(Output::default())
    });
    let job = scene.submit(None).await;
    let (_, cancelled) = tokio::join!(scene.run(), async {
        scene.becomes(&job, Phase::Running).await;
        scene.cancel(&job).await
    });
    assert!(matches!(cancelled, Cancelled::Soon(_)));
    let job = scene.get(&job).await;
    assert_eq!(job.phase(), Phase::Cancelled);
    assert!(job.faults.is_empty(), "to be stopped is no failure");
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_cannot_overwrite_the_next_ones_result() {
    let scene = Scene::new(|work| async move {
        if work.job.attempt == 1 {
            // Stuck: it does not even look whether it is to stop.
            std::future::pending::<()>().await;
        }
        Ok(Output {
            detail: work.job.attempt.into(),
            ..Output::default()
        })
    });
    let job = scene.submit(None).await;
    let first = tokio::spawn({
        let runner = scene.runner.clone();
        async move { runner.run_ready().await }
    });
    scene.becomes(&job, Phase::Running).await;
    scene.clock.advance(HOUR);
    scene.run().await;
    first.await.unwrap().unwrap();
    let job = scene.get(&job).await;
    let JobState::Succeeded { output } = &job.state else {
        unreachable!("{job:?}")
    };
    assert_eq!(output.detail, 2);
    assert_eq!(job.faults[0].code.as_deref(), Some("worker_lost"));
    let ends = job.history.iter().filter(|event| event.what.is_last());
    assert_eq!(ends.count(), 1);
}

#[tokio::test]
async fn a_worker_that_ends_gives_its_job_back() {
    let scene = Scene::new(|work| async move {
        if work.job.attempt == 1 {
            work.report.signal().wait().await;
            work.report.go_on()?;
        }
        Ok(Output::default())
    });
    let job = scene.submit(None).await;
    let (stopper, drain) = Stopper::new();
    tokio::join!(scene.runner.run(drain), async {
        scene.becomes(&job, Phase::Running).await;
        stopper.stop(busbar_jobs::Stop::Draining);
    });
    let waiting = scene.get(&job).await;
    assert_eq!(waiting.phase(), Phase::Queued);
    assert!(
        waiting.faults.is_empty(),
        "the end of a process is nobody's failure"
    );
    assert_eq!(scene.run().await, 1, "another may take it at once");
    assert_eq!(scene.get(&job).await.phase(), Phase::Succeeded);
}

#[tokio::test]
async fn progress_and_previews_are_told_and_events_go_on_where_a_reader_was() {
    let scene = Scene::new(|work| async move {
        work.report.step(0, 4)?;
        work.report
            .preview(Bytes::from_static(b"sketch"), MediaType::Jpeg);
        work.report.step(1, 4)?;
        work.report.signal().wait().await;
        work.report.go_on()?;
        Ok(Output::default())
    });
    let job = scene.submit(None).await;
    tokio::join!(scene.run(), async {
        let running = scene
            .until(&job, |job| {
                job.progress().is_some_and(|progress| progress.preview.is_some())
            })
            .await;
        let progress = running.progress().unwrap();
        assert_eq!((progress.step, progress.percent()), (1, 25));
        let preview = progress.preview.unwrap();
        assert_eq!(scene.jobs.artifacts().head(preview).await.unwrap().bytes, 6);
        let events = running.events_after(0);
        let names: Vec<&str> = events.iter().map(|event| event.what.name()).collect();
        assert_eq!(names, ["queued", "started", "progress"]);
        let seen = events.last().unwrap().seq;
        scene.cancel(&job).await;
        let after = scene.until(&job, |job| job.is_over()).await.events_after(seen);
        let names: Vec<&str> = after.iter().map(|event| event.what.name()).collect();
        assert_eq!(names, ["stopping", "cancelled"]);
    });
    assert_eq!(
        scene.jobs.artifacts().remove_all(job.id).await.unwrap(),
        0,
        "a preview is left"
    );
}

#[tokio::test]
async fn one_key_is_one_job_and_another_request_under_it_is_refused() {
    let scene = Scene::new(|_| async { Ok(Output::default()) });
    let first = scene.submit(Some("k")).await;
    let again = scene.try_submit("default", "k", recipe("a")).await.unwrap();
    assert_eq!((again.new, again.job.id), (false, first.id));
    let other = scene.try_submit("default", "k", recipe("b")).await.unwrap_err();
    assert_eq!(other.code(), Some("idempotency_key_reused"));
    let somebody = scene.try_submit("somebody", "k", recipe("b")).await.unwrap();
    assert!(somebody.new, "keys of tenants do not mix");
    assert_eq!(scene.run().await, 2);
    scene.jobs.delete(&first.tenant, first.id).await.unwrap();
    let fresh = scene.try_submit("default", "k", recipe("b")).await.unwrap();
    assert!(fresh.new, "the key of a removed job is free");
}

#[tokio::test]
async fn a_job_of_somebody_else_is_not_found() {
    let scene = Scene::new(|_| async { Ok(Output::default()) });
    let job = scene.submit(None).await;
    let stranger = Tenant::new("stranger");
    let kinds = [
        scene.jobs.get(&stranger, job.id).await.err(),
        scene.jobs.events(&stranger, job.id, 0).await.err(),
        scene.jobs.cancel(&stranger, job.id).await.err(),
        scene.jobs.delete(&stranger, job.id).await.err(),
    ];
    for error in kinds {
        assert_eq!(error.unwrap().kind(), ErrorKind::NotFound);
    }
    assert_eq!(scene.get(&job).await.phase(), Phase::Queued);
}

#[tokio::test]
async fn what_is_past_its_time_expires_and_later_goes_away_with_its_files() {
    let scene = Scene::new(|work| async move {
        let artifact = work.keep(Bytes::from_static(b"png"), MediaType::Png).await?;
        Ok(Output {
            artifacts: vec![artifact],
            ..Output::default()
        })
    });
    let done = scene.submit(None).await;
    scene.run().await;
    let late = scene.submit(None).await;
    scene.clock.advance(HOUR * 25);
    let swept = scene.jobs.sweep(1).await.unwrap();
    assert_eq!((swept.expired, swept.more), (1, true));
    assert_eq!(scene.get(&late).await.phase(), Phase::Expired);
    assert_eq!(scene.run().await, 1, "its message is handed out once more");
    assert_eq!(scene.messages().await, 0);
    scene.clock.advance(HOUR * 24 * 7);
    let mut removed = 0;
    loop {
        let swept = scene.jobs.sweep(1).await.unwrap();
        removed += swept.removed;
        if !swept.more {
            break;
        }
    }
    assert_eq!(removed, 2);
    let gone = scene.jobs.get(&done.tenant, done.id).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    assert_eq!(scene.jobs.artifacts().remove_all(done.id).await.unwrap(), 0);
}

#[tokio::test]
async fn a_message_that_no_worker_ends_costs_the_job_and_is_seen_among_the_dead_letters() {
    let scene = Scene::new(|_| async { Ok(Output::default()) });
    let job = scene.submit(None).await;
    let queue = QueueName::of(&job.kind);
    let delivery = scene.take(&queue).await;
    scene.jobs.queue().bury(&queue, &delivery).await.unwrap();
    assert_eq!(scene.jobs.sweep_dead(&job.kind, HOUR).await.unwrap(), 1);
    let job = scene.get(&job).await;
    assert_eq!(job.phase(), Phase::Failed);
    assert_eq!(job.fault().unwrap().code.as_deref(), Some("dead_letter"));
    assert!(
        job.history
            .iter()
            .any(|event| matches!(event.what, Milestone::Failed(_)))
    );
    scene.clock.advance(HOUR * 2);
    assert_eq!(scene.jobs.sweep_dead(&job.kind, HOUR).await.unwrap(), 0);
    assert_eq!(scene.dead().await, 0, "an old dead letter is removed");
}
