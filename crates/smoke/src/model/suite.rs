//! What a file says about all of its checks. Headers, auth and tags are in each check already; what connects is here.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Check, Texts, Visitor, is_false};

/// Everything that the files declare.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Suites {
    /// One for each file, in the order of their names.
    pub suites: Vec<Suite>,
    /// The checks of all files in their order, those of setup and cleanup included.
    pub checks: Vec<Check>,
}

/// What one file says about how its checks connect.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// The stem of the file.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// Whether its checks share the cookies that answers set.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cookies: bool,
    /// The certificates to trust, in place of the machine's: a PEM file, relative to the project's root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// Who its checks are for the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<ClientCertificate>,
    /// The proxy that its requests go through; none when absent, whatever the environment says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// No request of its checks starts later than this many milliseconds after the first, cleanups aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
}

/// A certificate that the client shows, in PEM files relative to the project's root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificate {
    /// The certificate, its intermediates after it.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl Texts for Suite {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        self.ca.texts(visitor);
        if let Some(ClientCertificate { certificate, key }) = &mut self.client_certificate {
            certificate.texts(visitor);
            key.texts(visitor);
        }
        self.proxy.texts(visitor);
    }
}
