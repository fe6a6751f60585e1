//! Keys that somebody else keeps: fetched when they are first needed, and again now and then, so that a
//! change reaches everybody without a restart.

use std::{fmt, sync::Arc, time::Duration};

use busbar_core::{BoxFuture, Result};
use tokio::{sync::Mutex, time::Instant};

/// How long fetched keys are believed.
const KEEP: Duration = Duration::from_secs(300);

type Fetch<K> = Arc<dyn Fn() -> BoxFuture<'static, Result<K>> + Send + Sync>;

/// Keys of one kind. Clones share what was fetched.
#[derive(Clone)]
pub struct Keyring<K> {
    held: Arc<Mutex<Option<(K, Instant)>>>,
    /// `None`: they are what they are.
    fetch: Option<Fetch<K>>,
}

impl<K: Clone> Keyring<K> {
    /// Keys that are fetched so.
    pub fn fetched(fetch: impl Fn() -> BoxFuture<'static, Result<K>> + Send + Sync + 'static) -> Self {
        Self {
            held: Arc::default(),
            fetch: Some(Arc::new(fetch)),
        }
    }

    /// The keys. Where they cannot be fetched again, those that are known go on.
    ///
    /// # Errors
    /// Why they cannot be had.
    pub async fn get(&self) -> Result<K> {
        let mut held = self.held.lock().await;
        let now = Instant::now();
        if let Some((keys, until)) = &*held
            && (self.fetch.is_none() || now < *until)
        {
            return Ok(keys.clone());
        }
        let fetched = match &self.fetch {
            Some(fetch) => fetch().await,
            None => Err(busbar_core::Error::internal("there are no keys")),
        };
        let keys = match (fetched, &*held) {
            (Ok(keys), _) => keys,
            (Err(error), Some((known, _))) => {
                tracing::warn!(%error, "keys cannot be fetched again; those that are known go on");
                known.clone()
            }
            (Err(error), None) => return Err(error),
        };
        *held = Some((keys.clone(), now + KEEP));
        Ok(keys)
    }
}

/// Keys that are what they are.
impl<K> From<K> for Keyring<K> {
    fn from(keys: K) -> Self {
        Self {
            held: Arc::new(Mutex::new(Some((keys, Instant::now())))),
            fetch: None,
        }
    }
}

impl<K> fmt::Debug for Keyring<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use busbar_core::{Error, ErrorKind};

    use super::*;

    /// Each fetch gives its number; some of them fail.
    fn ring(fails: &'static [u32]) -> Keyring<u32> {
        let count = Arc::new(AtomicU32::new(0));
        Keyring::fetched(move || {
            let number = count.fetch_add(1, SeqCst);
            Box::pin(async move {
                match fails.contains(&number) {
                    true => Err(Error::new(ErrorKind::Unavailable, "no")),
                    false => Ok(number),
                }
            })
        })
    }

    #[tokio::test(start_paused = true)]
    async fn keys_are_fetched_when_needed_and_again_when_they_are_old() {
        let ring = ring(&[]);
        assert_eq!(
            (ring.get().await.unwrap(), ring.clone().get().await.unwrap()),
            (0, 0)
        );
        tokio::time::advance(KEEP).await;
        assert_eq!((ring.get().await.unwrap(), ring.get().await.unwrap()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn known_keys_go_on_where_they_cannot_be_fetched_again() {
        let ring = ring(&[0, 2]);
        assert!(ring.get().await.is_err(), "nothing is known yet");
        assert_eq!(ring.get().await.unwrap(), 1);
        tokio::time::advance(KEEP).await;
        assert_eq!(ring.get().await.unwrap(), 1);
        tokio::time::advance(KEEP).await;
        assert_eq!(ring.get().await.unwrap(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn keys_that_are_what_they_are_stay() {
        let ring = Keyring::from(7);
        tokio::time::advance(KEEP * 2).await;
        assert_eq!(ring.get().await.unwrap(), 7);
    }
}
