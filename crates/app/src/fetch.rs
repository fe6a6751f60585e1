//! Calls to addresses that clients name, by the configuration's rules.

use std::sync::Arc;

use busbar_config::Fetch;
use busbar_core::Fetcher;
use busbar_egress::{Client, Limits, PictureFetcher, Rules};

/// What fetches the pictures that clients point to; nothing, where nothing may be fetched.
pub(crate) fn pictures(fetch: &Fetch) -> Option<Arc<dyn Fetcher>> {
    let rules = rules(fetch);
    let limits = Limits {
        bytes: fetch.size_limit,
        time: fetch.timeout,
        redirects: fetch.redirects,
    };
    rules.allow_something().then(|| {
        let fetcher: Arc<dyn Fetcher> = Arc::new(PictureFetcher::new(Client::new(rules), limits));
        fetcher
    })
}

/// Which addresses may be called.
pub(crate) fn rules(fetch: &Fetch) -> Rules {
    Rules {
        public: fetch.public,
        allow: fetch.allow.clone(),
    }
}
