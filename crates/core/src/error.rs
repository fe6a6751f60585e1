//! What can go wrong, in as few kinds as callers act differently on.

use std::{fmt, sync::Arc, time::Duration};

/// The result of anything that a model or a policy does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure: what kind it is, a message that reads alone, and the cause beneath it.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    param: Option<String>,
    code: Option<&'static str>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// A kind exists only where a caller acts differently on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is wrong; sending it again changes nothing.
    Invalid,
    /// It names something that is not here.
    NotFound,
    /// It is larger than a stated limit.
    TooLarge,
    /// Right, but more than this model can do (tools without a tool template, say).
    Unsupported,
    /// Whoever asks is not known, or may not.
    Denied,
    /// This caller asks too often; again after the wait, or elsewhere at once.
    RateLimited {
        /// How long to wait before the same request is worth sending again.
        retry_after: Duration,
    },
    /// No room now; again after the wait, or elsewhere at once.
    Overloaded {
        /// How long to wait before the same request is worth sending again.
        retry_after: Duration,
    },
    /// The deadline passed.
    DeadlineExceeded,
    /// The caller went away or asked to stop.
    Cancelled,
    /// The model or the process cannot serve at present (loading, draining, broken).
    Unavailable,
    /// A host elsewhere failed, answered nonsense, or does not accept our credentials.
    BadUpstream,
    /// A bug or a broken machine on our side.
    Internal,
}

impl Error {
    /// An error of a kind, with a message that reads alone.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            param: None,
            code: None,
            source: None,
        }
    }

    /// A wrong value in the request: `param` is the field as the client wrote it.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            param: Some(param.into()),
            ..Self::new(ErrorKind::Invalid, message)
        }
    }

    /// A fault of our own.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// The same error with a machine-readable code (`context_length_exceeded`).
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// The same error with the field of the request that it is about.
    #[must_use]
    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What callers act on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message without its cause.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The field of the request that is wrong, where one is.
    pub fn param(&self) -> Option<&str> {
        self.param.as_deref()
    }

    /// The machine-readable code, where there is one finer than the kind.
    pub fn code(&self) -> Option<&'static str> {
        self.code
    }

    /// Whether another try, here or elsewhere, may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::RateLimited { .. }
                | ErrorKind::Overloaded { .. }
                | ErrorKind::Unavailable
                | ErrorKind::BadUpstream
                | ErrorKind::Internal
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}
