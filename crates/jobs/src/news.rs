//! Word within this process that a job has changed, so that whoever watches it need not ask all the
//! time. Other processes tell nobody here: what they change is found by asking.

use std::time::Duration;

use tokio::sync::broadcast;

use crate::JobId;

/// Where changes are told. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct News(broadcast::Sender<JobId>);

impl News {
    pub(crate) fn new() -> Self {
        /// Whoever is further behind asks at once, so that nothing is missed.
        const WAITING: usize = 64;
        Self(broadcast::Sender::new(WAITING))
    }

    /// A job has changed, or is gone.
    pub(crate) fn tell(&self, id: JobId) {
        // Nobody may be listening.
        let _listeners = self.0.send(id);
    }

    pub(crate) fn follow(&self, id: JobId) -> Follower {
        Follower {
            heard: self.0.subscribe(),
            id,
            pause: OFTEN,
            told: false,
            version: 0,
        }
    }
}

/// While a job changes and nobody tells: another process has it.
const OFTEN: Duration = Duration::from_millis(250);
/// While changes are told.
const SELDOM: Duration = Duration::from_secs(2);

/// Waits for changes of one job.
#[derive(Debug)]
pub struct Follower {
    heard: broadcast::Receiver<JobId>,
    id: JobId,
    pause: Duration,
    told: bool,
    version: u64,
}

impl Follower {
    /// Resolves when the job may have changed: then look at it, and say so by [`Follower::saw`].
    /// Dropping the future loses nothing.
    pub async fn wait(&mut self) {
        let pause = tokio::time::sleep(self.pause);
        tokio::pin!(pause);
        loop {
            let heard = tokio::select! {
                heard = self.heard.recv() => heard,
                () = &mut pause => {
                    self.told = false;
                    return;
                }
            };
            match heard {
                Ok(id) if id != self.id => {}
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {
                    self.told = true;
                    return;
                }
                Err(broadcast::error::RecvError::Closed) => pause.as_mut().await,
            }
        }
    }

    /// The job was looked at, and has this version.
    pub fn saw(&mut self, version: u64) {
        let changed = version != std::mem::replace(&mut self.version, version);
        match (self.told, changed) {
            (true, _) => self.pause = SELDOM,
            (false, true) => self.pause = OFTEN,
            (false, false) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> JobId {
        JobId::from_uuid(Uuid::from_u128(number))
    }

    #[tokio::test(start_paused = true)]
    async fn word_of_the_job_wakes_at_once_and_word_of_another_does_not() {
        let news = News::new();
        let mut follower = news.follow(id(1));
        let before = Instant::now();
        news.tell(id(2));
        news.tell(id(1));
        follower.wait().await;
        assert_eq!(before.elapsed(), Duration::ZERO);
        news.tell(id(2));
        follower.saw(1);
        follower.wait().await;
        assert_eq!(before.elapsed(), SELDOM, "who is told need not ask");
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_tells_is_asked_for() {
        let mut follower = News::new().follow(id(1));
        let before = Instant::now();
        follower.wait().await;
        follower.saw(1);
        follower.wait().await;
        assert_eq!(before.elapsed(), OFTEN * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_falls_behind_looks_at_once() {
        let news = News::new();
        let mut follower = news.follow(id(1));
        let before = Instant::now();
        (0..1000).for_each(|_| news.tell(id(2)));
        follower.wait().await;
        assert_eq!(before.elapsed(), Duration::ZERO);
    }
}
