//! Certificates: which are trusted, which is shown, and what one says about itself. What it must say is `expect`'s.

use std::path::Path;

use reqwest::ClientBuilder;

use crate::model::Suite;
use crate::report::Unmeasured;

#[cfg(feature = "tls")]
pub(crate) use with_tls::{Trust, days_left, install, names, trust};
#[cfg(not(feature = "tls"))]
pub(crate) use without_tls::{Trust, days_left, install, names, trust};

/// Who a certificate is for, and who made it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) subject: String,
    pub(crate) issuer: String,
}

#[cfg(feature = "tls")]
pub(super) fn apply(mut builder: ClientBuilder, trust: Option<&Trust>, https: bool) -> ClientBuilder {
    builder = builder.tls_info(true);
    let authorities = trust.and_then(|trust| trust.authorities.clone());
    if authorities.is_some() || !https {
        // Without TLS the platform's certificates are not needed, and a machine may have none at all.
        builder = builder.tls_certs_only(authorities.unwrap_or_default());
    }
    match trust.and_then(|trust| trust.identity.clone()) {
        Some(identity) => builder.identity(identity),
        None => builder,
    }
}

#[cfg(not(feature = "tls"))]
pub(super) fn apply(builder: ClientBuilder, _trust: Option<&Trust>, _https: bool) -> ClientBuilder {
    builder
}

#[cfg(feature = "tls")]
mod with_tls {
    use std::time::SystemTime;

    use x509_parser::prelude::{FromDer, X509Certificate};

    use super::{Names, Path, Suite, Unmeasured};
    use crate::load::confined;
    use crate::report::UnmeasuredKind;

    /// Whom the checks of a suite trust, and who they are.
    #[derive(Default)]
    pub(crate) struct Trust {
        pub(super) authorities: Option<Vec<reqwest::Certificate>>,
        pub(super) identity: Option<reqwest::Identity>,
        /// The same as it is in the files, for what is not HTTP.
        pub(crate) pem: Pem,
    }

    /// Texts of certificates.
    #[derive(Default)]
    pub(crate) struct Pem {
        pub(crate) authorities: Option<Vec<u8>>,
        /// A certificate and its key.
        pub(crate) identity: Option<(Vec<u8>, Vec<u8>)>,
    }

    impl Trust {
        pub(crate) fn is_special(&self) -> bool {
            self.authorities.is_some() || self.identity.is_some()
        }
    }

    pub(crate) fn install() {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // An error means that another thread was faster, which is as good.
            rustls::crypto::ring::default_provider().install_default().ok();
        }
    }

    pub(crate) fn trust(suite: &Suite, root: Option<&Path>) -> Result<Trust, Unmeasured> {
        let mut trusted = Trust::default();
        if let Some(ca) = &suite.ca {
            let text = read(ca, root)?;
            let found = reqwest::Certificate::from_pem_bundle(&text).unwrap_or_default();
            if found.is_empty() {
                return Err(wrong(ca, "it holds no certificate in PEM"));
            }
            (trusted.authorities, trusted.pem.authorities) = (Some(found), Some(text));
        }
        if let Some(pair) = &suite.client_certificate {
            let (certificate, key) = (read(&pair.certificate, root)?, read(&pair.key, root)?);
            let unusable = |_| wrong(&pair.certificate, "it is not a certificate in PEM with the key beside it");
            let both = [certificate.as_slice(), key.as_slice()].join(&b'\n');
            trusted.identity = Some(reqwest::Identity::from_pem(&both).map_err(unusable)?);
            trusted.pem.identity = Some((certificate, key));
        }
        Ok(trusted)
    }

    /// How many whole days a certificate is still valid; negative once it is not.
    pub(crate) fn days_left(der: &[u8], now: SystemTime) -> Option<i64> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        let left = certificate.validity().not_after.timestamp() - i64::try_from(now).ok()?;
        Some(left.div_euclid(24 * 60 * 60))
    }

    /// The names in a certificate.
    pub(crate) fn names(der: &[u8]) -> Option<Names> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        Some(Names { subject: certificate.subject().to_string(), issuer: certificate.issuer().to_string() })
    }

    fn read(path: &str, root: Option<&Path>) -> Result<Vec<u8>, Unmeasured> {
        let root = root.ok_or_else(|| wrong(path, "it is looked for in the project, and none was given"))?;
        let found = confined(root, path).map_err(|why| wrong(path, &why.to_string()))?;
        std::fs::read(found).map_err(|why| wrong(path, &why.to_string()))
    }

    fn wrong(path: &str, why: &str) -> Unmeasured {
        Unmeasured { kind: UnmeasuredKind::NotPrepared, detail: format!("the file `{path}` cannot be used: {why}") }
    }
}

#[cfg(not(feature = "tls"))]
mod without_tls {
    use std::time::SystemTime;

    use super::{Names, Path, Suite, Unmeasured};

    /// Nobody is trusted without TLS. Files that ask for it are refused when they are read.
    #[derive(Default)]
    pub(crate) struct Trust;

    impl Trust {
        pub(crate) fn is_special(&self) -> bool {
            false
        }
    }

    pub(crate) fn install() {}

    pub(crate) fn trust(_suite: &Suite, _root: Option<&Path>) -> Result<Trust, Unmeasured> {
        Ok(Trust)
    }

    pub(crate) fn days_left(_der: &[u8], _now: SystemTime) -> Option<i64> {
        None
    }

    pub(crate) fn names(_der: &[u8]) -> Option<Names> {
        None
    }
}
