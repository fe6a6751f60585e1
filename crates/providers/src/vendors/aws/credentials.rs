//! Credentials: found by the usual chain (environment, profile, SSO, web identity, ECS, IMDS), perhaps
//! exchanged for a role's, kept, and renewed before they expire.
//!
//! The chain is walked on the first request, not at the start: a host that nobody asks needs none.

use std::{
    fmt,
    sync::{PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use aws_config::{BehaviorVersion, Region, sts::AssumeRoleProvider};
use aws_credential_types::{
    Credentials as Keys,
    provider::{ProvideCredentials as _, SharedCredentialsProvider},
};
use busbar_core::{Error, ErrorKind, Result, Secret};
use tokio::sync::{Mutex, OnceCell};

use super::connector::Ours;
use crate::http::Client;

/// Renewed so long before they expire: a request that is on its way must not be overtaken.
const BEFORE_EXPIRY: Duration = Duration::from_secs(300);
/// How a session of a role is called, for whoever reads the account's trail.
const SESSION: &str = "busbar";

/// Whose credentials to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Where tokens are exchanged, and where requests go.
    pub region: String,
    /// A profile of the shared configuration file; `None`: the one that the environment names.
    pub profile: Option<String>,
    /// A role to be assumed with what the chain found.
    pub role: Option<String>,
    /// What the role's owner wants to hear.
    pub external_id: Option<String>,
}

/// Credentials that are found once and kept fresh.
pub struct Credentials {
    provider: OnceCell<SharedCredentialsProvider>,
    identity: Identity,
    client: Option<Client>,
    kept: RwLock<Option<Keys>>,
    /// Held by whoever renews; the others wait, or go on with what is still good.
    renewal: Mutex<()>,
}

impl Credentials {
    /// Whatever the chain finds, asked with our client.
    pub fn of(identity: Identity, client: Client) -> Self {
        Self {
            provider: OnceCell::new(),
            identity,
            client: Some(client),
            kept: RwLock::new(None),
            renewal: Mutex::new(()),
        }
    }

    /// These, which never expire.
    pub fn fixed(id: &str, secret: &Secret<String>) -> Self {
        let keys = Keys::new(id, secret.expose(), None, None, "configuration");
        Self::from_provider(SharedCredentialsProvider::new(keys))
    }

    /// Those of a provider that is already there.
    pub fn from_provider(provider: SharedCredentialsProvider) -> Self {
        Self {
            provider: OnceCell::new_with(Some(provider)),
            identity: Identity::default(),
            client: None,
            kept: RwLock::new(None),
            renewal: Mutex::new(()),
        }
    }

    /// Credentials that are good at `now`.
    ///
    /// # Errors
    /// `BadUpstream` where none are found or none can be renewed in time.
    pub async fn get(&self, now: SystemTime) -> Result<Keys> {
        let kept = self.kept();
        let good = kept.filter(|keys| !expires_within(keys, now, Duration::ZERO));
        let Some(good) = good else {
            let _one_at_a_time = self.renewal.lock().await;
            // Somebody else may have renewed them meanwhile.
            return match self
                .kept()
                .filter(|keys| !expires_within(keys, now, Duration::ZERO))
            {
                Some(keys) => Ok(keys),
                None => self.renew().await,
            };
        };
        if !expires_within(&good, now, BEFORE_EXPIRY) {
            return Ok(good);
        }
        // Still good: one request renews them, the others need not wait for it, and a renewal that
        // fails costs nothing yet.
        match self.renewal.try_lock() {
            Ok(_one_at_a_time) => Ok(self.renew().await.unwrap_or(good)),
            Err(_) => Ok(good),
        }
    }

    fn kept(&self) -> Option<Keys> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn renew(&self) -> Result<Keys> {
        let provider = self.provider.get_or_init(|| self.chain()).await;
        let keys = provider.provide_credentials().await.map_err(|error| {
            let message = "no credentials to sign with were found for this model's host";
            Error::new(ErrorKind::BadUpstream, message).with_source(error)
        })?;
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(keys.clone());
        Ok(keys)
    }

    async fn chain(&self) -> SharedCredentialsProvider {
        let identity = &self.identity;
        let mut loader =
            aws_config::defaults(BehaviorVersion::v2026_01_12()).region(Region::new(identity.region.clone()));
        if let Some(client) = &self.client {
            loader = loader.http_client(Ours::new(client.clone()));
        }
        if let Some(profile) = &identity.profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.load().await;
        let Some(role) = &identity.role else {
            // A configuration that was loaded with credentials allowed always has a provider.
            return config
                .credentials_provider()
                .unwrap_or_else(|| SharedCredentialsProvider::new(Nobody));
        };
        let mut assumed = AssumeRoleProvider::builder(role)
            .configure(&config)
            .session_name(SESSION);
        if let Some(external_id) = &identity.external_id {
            assumed = assumed.external_id(external_id);
        }
        SharedCredentialsProvider::new(assumed.build().await)
    }
}

/// A provider that has none.
#[derive(Debug)]
struct Nobody;

impl aws_credential_types::provider::ProvideCredentials for Nobody {
    fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let none = aws_credential_types::provider::error::CredentialsError::not_loaded_no_source();
        aws_credential_types::provider::future::ProvideCredentials::ready(Err(none))
    }
}

fn expires_within(keys: &Keys, now: SystemTime, time: Duration) -> bool {
    keys.expiry().is_some_and(|expiry| expiry <= now + time)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use aws_credential_types::provider::{ProvideCredentials, error::CredentialsError, future};

    use super::*;

    /// Gives keys of a numbered name that last ten minutes from when the count began; fails where it
    /// is told to.
    #[derive(Clone, Debug, Default)]
    struct Counting {
        given: Arc<AtomicU32>,
        fails_from: Option<u32>,
    }

    const TEN_MINUTES: Duration = Duration::from_secs(600);

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let number = self.given.fetch_add(1, Ordering::SeqCst) + 1;
            if self.fails_from.is_some_and(|from| number >= from) {
                return future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("gone")));
            }
            let expiry = SystemTime::UNIX_EPOCH + TEN_MINUTES * number;
            let keys = Keys::new(format!("AK{number}"), "very-secret", None, Some(expiry), "test");
            future::ProvideCredentials::ready(Ok(keys))
        }
    }

    fn credentials(fails_from: Option<u32>) -> (Credentials, Counting) {
        let counting = Counting {
            fails_from,
            ..Counting::default()
        };
        let provider = SharedCredentialsProvider::new(counting.clone());
        (Credentials::from_provider(provider), counting)
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[tokio::test]
    async fn they_are_asked_for_once_and_renewed_before_they_expire() {
        let (credentials, counting) = credentials(None);
        for now in [0, 100, 299] {
            assert_eq!(credentials.get(at(now)).await.unwrap().access_key_id(), "AK1");
        }
        assert_eq!(counting.given.load(Ordering::SeqCst), 1);
        assert_eq!(credentials.get(at(300)).await.unwrap().access_key_id(), "AK2");
        assert_eq!(credentials.get(at(301)).await.unwrap().access_key_id(), "AK2");
    }

    #[tokio::test]
    async fn a_renewal_that_fails_costs_nothing_while_the_old_ones_are_good() {
        let (credentials, _) = credentials(Some(2));
        assert_eq!(credentials.get(at(0)).await.unwrap().access_key_id(), "AK1");
        assert_eq!(credentials.get(at(599)).await.unwrap().access_key_id(), "AK1");
        let error = credentials.get(at(600)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadUpstream);
    }

    #[tokio::test]
    async fn whoever_needs_them_at_once_shares_one_renewal() {
        let (credentials, counting) = credentials(None);
        let all = futures_util::future::join_all((0..8).map(|_| credentials.get(at(0)))).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(counting.given.load(Ordering::SeqCst), 1);
        assert!(!format!("{credentials:?}").contains("very-secret"));
    }
}
