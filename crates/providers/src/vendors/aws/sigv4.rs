//! Signature Version 4 on requests that are otherwise ready.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials as Keys;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
        SigningSettings, UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use busbar_core::{BoxFuture, Error, Result};
use bytes::Bytes;
use http::{Method, Request, Uri};
use http_body_util::Full;

use super::Credentials;
use crate::auth::Sign;

/// Signs for one service in one region.
#[derive(Clone, Debug)]
pub struct Signer {
    /// Whose signature it is.
    pub credentials: Arc<Credentials>,
    /// `us-east-1`.
    pub region: String,
    /// The service's name in signatures.
    pub service: &'static str,
    /// How it wants to be signed for.
    pub style: Style,
}

/// How a service wants to be signed for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// As nearly all do: the path escaped once more.
    #[default]
    Usual,
    /// As stores of objects do: the path as it is, and the body's checksum in a header.
    Objects,
}

impl Style {
    fn settings(self) -> SigningSettings {
        let mut settings = SigningSettings::default();
        if self == Self::Objects {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        settings
    }
}

impl Sign for Signer {
    fn sign<'a>(
        &'a self,
        request: &'a mut Request<Full<Bytes>>,
        body: &'a Bytes,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let now = SystemTime::now();
            let keys = self.credentials.get(now).await?;
            self.put(request, body, keys, now)
        })
    }
}

impl Signer {
    fn put(
        &self,
        request: &mut Request<Full<Bytes>>,
        body: &[u8],
        keys: Keys,
        now: SystemTime,
    ) -> Result<()> {
        let identity = keys.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(now)
            .settings(self.style.settings())
            .build()
            .map_err(unsigned)?
            .into();
        let headers = request.headers().iter();
        let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let uri = request.uri().to_string();
        let signable =
            SignableRequest::new(request.method().as_str(), uri, headers, SignableBody::Bytes(body));
        let signed = sign(signable.map_err(unsigned)?, &parameters).map_err(unsigned)?;
        let (instructions, _) = signed.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

impl Signer {
    /// An address with a signature in it: whoever has it may make this one request, whatever its body, from
    /// a moment on and for so long.
    pub(super) fn address(
        &self,
        method: &Method,
        uri: Uri,
        keys: Keys,
        (from, valid_for): (SystemTime, Duration),
    ) -> Result<String> {
        let mut settings = self.style.settings();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(valid_for);
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        let identity = keys.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(from)
            .settings(settings)
            .build()
            .map_err(unsigned)?
            .into();
        let body = SignableBody::UnsignedPayload;
        let signable = SignableRequest::new(method.as_str(), uri.to_string(), std::iter::empty(), body);
        let signed = sign(signable.map_err(unsigned)?, &parameters).map_err(unsigned)?;
        let mut request = Request::new(());
        *request.uri_mut() = uri;
        signed.into_parts().0.apply_to_request_http1x(&mut request);
        Ok(request.uri().to_string())
    }
}

fn unsigned(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("a request could not be signed").with_source(error)
}

#[cfg(test)]
mod tests {
    use aws_credential_types::provider::SharedCredentialsProvider;

    use super::*;

    /// 2015-08-30T12:36:00Z, of the published vectors.
    const THEN: Duration = Duration::from_secs(1_440_938_160);

    fn keys(token: Option<&str>) -> Keys {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        Keys::new("AKIDEXAMPLE", secret, token.map(str::to_owned), None, "test")
    }

    fn signed(uri: &str, token: Option<&str>) -> http::HeaderMap {
        let credentials = Credentials::from_provider(SharedCredentialsProvider::new(keys(token)));
        let signer = Signer {
            credentials: Arc::new(credentials),
            region: "us-east-1".into(),
            service: "service",
            style: Style::Usual,
        };
        let mut request = Request::post(uri).body(Full::new(Bytes::new())).unwrap();
        let then = SystemTime::UNIX_EPOCH + THEN;
        signer.put(&mut request, b"", keys(token), then).unwrap();
        request.headers().clone()
    }

    /// `post-vanilla` of the AWS Signature Version 4 test suite.
    #[test]
    fn the_signature_is_that_of_the_published_vector() {
        let headers = signed("http://example.amazonaws.com/", None);
        assert_eq!(
            headers["authorization"],
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
        assert_eq!(headers["x-amz-date"], "20150830T123600Z");
    }

    #[test]
    fn a_sessions_token_is_sent_and_is_part_of_the_signature() {
        let headers = signed("http://example.amazonaws.com/", Some("token"));
        assert_eq!(headers["x-amz-security-token"], "token");
        let authorization = headers["authorization"].to_str().unwrap();
        assert!(authorization.contains("SignedHeaders=host;x-amz-date;x-amz-security-token"));
    }

    #[test]
    fn a_name_that_is_escaped_in_the_path_is_signed_as_it_is_sent() {
        let one = signed("http://h/model/a%3A0/converse", None);
        let other = signed("http://h/model/a%2F0/converse", None);
        assert_ne!(one["authorization"], other["authorization"]);
    }
}
