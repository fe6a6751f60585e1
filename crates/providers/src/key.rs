//! A host's key: one that is written down, or one that a service keeps, which is fetched, kept for a
//! while, and fetched anew when that time is over or the host refuses it.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use busbar_core::{BoxFuture, Result, Secret};
use tokio::sync::Mutex;

/// A service that keeps secrets.
pub trait Vault: fmt::Debug + Send + Sync + 'static {
    /// The secret as it is now.
    ///
    /// # Errors
    /// It cannot be had; the message names it, and never says any of it.
    fn fetch(&self) -> BoxFuture<'_, Result<Secret<String>>>;
}

/// Who we are at a host.
#[derive(Clone, Debug)]
pub enum Key {
    /// This is the key.
    Written(Secret<String>),
    /// A service keeps it.
    Held(Arc<Held>),
}

impl From<Secret<String>> for Key {
    fn from(secret: Secret<String>) -> Self {
        Self::Written(secret)
    }
}

/// A refusal makes us ask again at most this often: a key that is wrong stays wrong.
const NOT_BEFORE: Duration = Duration::from_secs(10);

/// A key that a service keeps.
#[derive(Debug)]
pub struct Held {
    vault: Box<dyn Vault>,
    /// How long it is believed.
    keep: Duration,
    known: RwLock<Option<Known>>,
    /// Held by whoever fetches it; the others wait, or go on with what is still good.
    fetching: Mutex<()>,
}

#[derive(Clone, Debug)]
struct Known {
    secret: Secret<String>,
    since: SystemTime,
    /// A host has refused it.
    refused: bool,
}

impl Held {
    /// A key that is fetched when it is first wanted.
    pub fn new(vault: Box<dyn Vault>, keep: Duration) -> Self {
        Self {
            vault,
            keep,
            known: RwLock::new(None),
            fetching: Mutex::new(()),
        }
    }

    /// The key.
    ///
    /// # Errors
    /// It was never had, and cannot be had now.
    pub async fn get(&self, now: SystemTime) -> Result<Secret<String>> {
        let Some(known) = self.known() else {
            let _one_at_a_time = self.fetching.lock().await;
            // Somebody else may have fetched it meanwhile.
            return match self.known() {
                Some(known) => Ok(known.secret),
                None => self.fetch(now).await,
            };
        };
        if known.refused {
            let _one_at_a_time = self.fetching.lock().await;
            return match self.known().filter(|known| !known.refused) {
                Some(known) => Ok(known.secret),
                None => Ok(self.fetch(now).await.unwrap_or(known.secret)),
            };
        }
        if age(&known, now) < self.keep {
            return Ok(known.secret);
        }
        // Most likely still good: one request fetches it, the others need not wait.
        match self.fetching.try_lock() {
            Ok(_one_at_a_time) => {
                let fetched = self.fetch(now).await.inspect_err(|error| {
                    tracing::warn!(%error, "a key cannot be looked at again; the one that is known goes on");
                    self.believe(now);
                });
                Ok(fetched.unwrap_or(known.secret))
            }
            Err(_) => Ok(known.secret),
        }
    }

    /// A host does not accept it: it may have been changed.
    pub fn refused(&self, now: SystemTime) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_mut().filter(|known| age(known, now) >= NOT_BEFORE) {
            known.refused = true;
        }
    }

    async fn fetch(&self, now: SystemTime) -> Result<Secret<String>> {
        let fetched = self.vault.fetch().await;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok(secret) => {
                *known = Some(Known {
                    secret: secret.clone(),
                    since: now,
                    refused: false,
                });
                Ok(secret)
            }
            Err(error) => {
                // What was refused is tried once more, and then not for a while.
                if let Some(known) = known.as_mut().filter(|known| known.refused) {
                    (known.refused, known.since) = (false, now);
                }
                Err(error)
            }
        }
    }

    /// Goes on with what is known, for as long again.
    fn believe(&self, now: SystemTime) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_mut() {
            known.since = now;
        }
    }

    fn known(&self) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A clock that went back is no reason to believe something for longer.
fn age(known: &Known, now: SystemTime) -> Duration {
    now.duration_since(known.since).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use busbar_core::{Error, ErrorKind};

    use super::*;

    /// Gives a new secret each time; fails where it is told to.
    #[derive(Clone, Debug, Default)]
    struct Counting {
        given: Arc<AtomicU32>,
        fails: Arc<AtomicU32>,
    }

    impl Vault for Counting {
        fn fetch(&self) -> BoxFuture<'_, Result<Secret<String>>> {
            let number = self.given.fetch_add(1, Ordering::SeqCst) + 1;
            let fails = self.fails.load(Ordering::SeqCst) == 1;
            Box::pin(async move {
                match fails {
                    true => Err(Error::new(ErrorKind::Unavailable, "the store is away")),
                    false => Ok(Secret::new(format!("key-{number}"))),
                }
            })
        }
    }

    const KEEP: Duration = Duration::from_secs(300);

    fn held() -> (Held, Counting) {
        let vault = Counting::default();
        (Held::new(Box::new(vault.clone()), KEEP), vault)
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    #[track_caller]
    fn told(key: Result<Secret<String>>) -> String {
        key.unwrap().expose().clone()
    }

    #[tokio::test]
    async fn it_is_fetched_once_and_again_when_its_time_is_over() {
        let (held, vault) = held();
        for now in [0, 1, 299] {
            assert_eq!(told(held.get(at(now)).await), "key-1");
        }
        assert_eq!(told(held.get(at(300)).await), "key-2");
        assert_eq!(told(held.get(at(301)).await), "key-2");
        assert_eq!(vault.given.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn one_that_a_host_refuses_is_fetched_anew_but_not_all_the_time() {
        let (held, vault) = held();
        assert_eq!(told(held.get(at(0)).await), "key-1");
        held.refused(at(5));
        assert_eq!(told(held.get(at(5)).await), "key-1", "it was fetched just now");
        held.refused(at(20));
        assert_eq!(told(held.get(at(20)).await), "key-2");
        for now in 21..29 {
            held.refused(at(now));
            assert_eq!(told(held.get(at(now)).await), "key-2");
        }
        assert_eq!(vault.given.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn what_is_known_goes_on_while_the_store_is_away() {
        let (held, vault) = held();
        assert_eq!(told(held.get(at(0)).await), "key-1");
        vault.fails.store(1, Ordering::SeqCst);
        assert_eq!(told(held.get(at(400)).await), "key-1");
        held.refused(at(450));
        assert_eq!(told(held.get(at(450)).await), "key-1");
        assert_eq!(told(held.get(at(455)).await), "key-1");
        assert_eq!(vault.given.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn what_was_never_had_is_an_error_and_asked_for_again() {
        let (held, vault) = held();
        vault.fails.store(1, Ordering::SeqCst);
        assert!(held.get(at(0)).await.is_err());
        vault.fails.store(0, Ordering::SeqCst);
        assert_eq!(told(held.get(at(0)).await), "key-2");
    }

    #[tokio::test]
    async fn whoever_needs_it_at_once_shares_one_fetch() {
        let (held, vault) = held();
        let all = futures_util::future::join_all((0..8).map(|_| held.get(at(0)))).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(vault.given.load(Ordering::SeqCst), 1);
        assert!(!format!("{held:?}").contains("key-1"));
    }
}
