//! The connections of a run: a runtime, a client for each way to connect, and the cookies of suites. Sending is `exchange.rs`'s.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url, redirect};
use tokio::runtime::Runtime;

use super::cookies::Jar;
use super::failure::not_prepared;
use super::tls::{self, Trust};
use crate::error::{BaseUrlProblem, SmokeError};
use crate::model::{HttpVersion, Suite};
use crate::probe::addresses_of;
use crate::report::{Unmeasured, UnmeasuredKind};

/// How long a connection is kept for the next check. Servers keep theirs longer.
const KEPT: Duration = Duration::from_millis(1500);

/// The connections to one target.
pub(crate) struct Http {
    pub(crate) base: Url,
    /// The addresses of the target's name, where the machine is not asked for them.
    given: Vec<IpAddr>,
    /// One for each lane, made when it is needed first. A connection lives in the one that made it.
    runtimes: Mutex<HashMap<usize, Arc<Runtime>>>,
    lines: BTreeMap<String, Result<Line, Unmeasured>>,
    clients: Mutex<HashMap<Key, Arc<Kept>>>,
}

/// What a suite says about connecting.
#[derive(Default)]
pub(super) struct Line {
    /// The cookies that answers have set, when they are kept.
    pub(super) cookies: Option<Mutex<Jar>>,
    trust: Trust,
    proxy: Option<reqwest::Proxy>,
}

/// A client whose connections are kept, and how many may be.
pub(super) struct Kept {
    pub(super) client: Client,
    pub(super) idle: AtomicUsize,
}

/// Requests that connect in the same way share a client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Empty for suites that say nothing about connecting.
    pub(super) suite: String,
    pub(super) https: bool,
    pub(super) version: Option<HttpVersion>,
    pub(super) address: Option<IpAddr>,
    pub(super) connect: Duration,
    pub(super) fresh: bool,
    pub(super) lane: usize,
}

/// Makes what is needed to ask a target, at given addresses or those of its name. Nothing is connected yet.
pub(crate) fn open(base_url: &str, given: &[IpAddr]) -> Result<Http, SmokeError> {
    let wrong = |problem| SmokeError::BaseUrl { problem };
    let base = Url::parse(base_url).map_err(|_| wrong(BaseUrlProblem::NotAUrl))?;
    if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
        return Err(wrong(BaseUrlProblem::NotHttp));
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err(wrong(BaseUrlProblem::Query));
    }
    if base.scheme() == "https" && !cfg!(feature = "tls") {
        return Err(wrong(BaseUrlProblem::NoTls));
    }
    tls::install();
    let first = runtime().map_err(|source| SmokeError::Runtime { source })?;
    let runtimes = Mutex::new(HashMap::from([(0, first)]));
    Ok(Http { base, given: given.to_vec(), runtimes, lines: BTreeMap::new(), clients: Mutex::new(HashMap::new()) })
}

/// It runs in the thread that waits for it: checks wait for answers, not for processors.
fn runtime() -> std::io::Result<Arc<Runtime>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map(Arc::new)
}

impl Http {
    /// Makes known how the checks of a suite connect. What is wrong with it is told when one of them is sent.
    pub(crate) fn add_suite(&mut self, suite: &Suite, root: Option<&Path>) {
        self.lines.insert(suite.name.clone(), line(suite, root));
    }

    /// Makes known that a suite says something that cannot be filled in.
    pub(crate) fn refuse_suite(&mut self, suite: &str, detail: String) {
        let what = Unmeasured { kind: UnmeasuredKind::NotPrepared, detail };
        self.lines.insert(suite.to_owned(), Err(what));
    }

    /// All addresses of the target's name, of which there is one at least.
    pub(crate) fn addresses(&self, limit: Duration) -> Result<Vec<IpAddr>, Unmeasured> {
        if !self.given.is_empty() {
            return Ok(self.given.clone());
        }
        match self.base.host() {
            Some(url::Host::Ipv4(address)) => Ok(vec![address.into()]),
            Some(url::Host::Ipv6(address)) => Ok(vec![address.into()]),
            Some(url::Host::Domain(name)) => addresses_of(name, limit),
            None => addresses_of("", limit),
        }
    }

    pub(super) fn runtime(&self, lane: usize) -> Result<Arc<Runtime>, Unmeasured> {
        let mut runtimes = self.runtimes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = runtimes.get(&lane) {
            return Ok(Arc::clone(runtime));
        }
        let new =
            runtime().map_err(|error| Unmeasured { kind: UnmeasuredKind::NotPrepared, detail: error.to_string() })?;
        runtimes.insert(lane, Arc::clone(&new));
        Ok(new)
    }

    pub(super) fn line(&self, suite: &str) -> Result<Option<&Line>, Unmeasured> {
        self.lines.get(suite).map(|line| line.as_ref().map_err(Unmeasured::clone)).transpose()
    }

    /// Whom the checks of a suite trust, and who they are; for what is not HTTP.
    pub(crate) fn trust(&self, suite: &str) -> Result<Option<&Trust>, Unmeasured> {
        Ok(self.line(suite)?.map(|line| &line.trust))
    }

    /// The client for a way to connect, made when it is needed first.
    pub(super) fn client(&self, mut key: Key, line: Option<&Line>) -> Result<Arc<Kept>, Unmeasured> {
        if !line.is_some_and(|line| line.proxy.is_some() || line.trust.is_special()) {
            key.suite.clear();
        }
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(Arc::clone(client));
        }
        let client = self.builder(&key, line).build().map_err(|error| not_prepared(&error))?;
        let kept = Arc::new(Kept { client, idle: AtomicUsize::new(0) });
        clients.insert(key, Arc::clone(&kept));
        Ok(kept)
    }

    fn builder(&self, key: &Key, line: Option<&Line>) -> ClientBuilder {
        let mut builder = Client::builder()
            .user_agent(concat!("plimsoll-smoke/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(key.connect)
            .redirect(redirect::Policy::none())
            // What is sent again is decided by us alone.
            .retry(reqwest::retry::never())
            .no_proxy()
            .pool_idle_timeout(KEPT)
            .pool_max_idle_per_host(if key.fresh { 0 } else { usize::MAX });
        builder = match key.version {
            Some(HttpVersion::One) => builder.http1_only(),
            Some(HttpVersion::Two) => builder.http2_prior_knowledge(),
            None => builder,
        };
        if let Some(proxy) = line.and_then(|line| line.proxy.clone()) {
            builder = builder.proxy(proxy);
        }
        let addresses = key.address.as_ref().map_or(self.given.as_slice(), std::slice::from_ref);
        if let Some(host) = self.base.host_str().filter(|_| !addresses.is_empty()) {
            let port = self.base.port_or_known_default().unwrap_or_default();
            let addresses: Vec<SocketAddr> = addresses.iter().map(|address| (*address, port).into()).collect();
            builder = builder.resolve_to_addrs(host, &addresses);
        }
        tls::apply(builder, line.map(|line| &line.trust), key.https)
    }
}

fn line(suite: &Suite, root: Option<&Path>) -> Result<Line, Unmeasured> {
    let proxy = suite.proxy.as_deref().map(reqwest::Proxy::all).transpose();
    Ok(Line {
        cookies: suite.cookies.then(Mutex::default),
        trust: tls::trust(suite, root)?,
        proxy: proxy.map_err(|_| Unmeasured {
            kind: UnmeasuredKind::NotPrepared,
            detail: format!("the proxy of `{}` is not a URL", suite.name),
        })?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_must_be_one_that_paths_can_be_added_to() {
        let open = |text: &str| open(text, &[]).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(open("ftp://a").expect_err("ftp"), "the base URL is not http or https");
        assert_eq!(open("nowhere").expect_err("no URL"), "the base URL is not a URL");
        assert_eq!(open("http://a/?b").expect_err("query"), "the base URL has a query or a fragment");
        assert_eq!(open("http://127.0.0.1:9"), Ok(()));
    }

    #[test]
    fn an_address_is_its_own_name() {
        let addresses = |base: &str| open(base, &[]).expect("a base URL").addresses(KEPT).expect("addresses");
        assert_eq!(addresses("http://127.0.0.1:9"), ["127.0.0.1".parse::<IpAddr>().expect("an address")]);
        assert_eq!(addresses("http://[::1]:9"), ["::1".parse::<IpAddr>().expect("an address")]);
        assert!(addresses("http://localhost:9").iter().all(IpAddr::is_loopback));
    }
}
