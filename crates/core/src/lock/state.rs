//! The lock as others see it, and taking it away from a holder that only a lease speaks for. Ending the session of a holder is
//! left to `inspect`.

use serde::{Deserialize, Serialize};

use super::{Holder, LockError, LockMode, file, identity, lease, session};
use crate::db::{Access, DatabaseUrl, connect};
use crate::ledger;

/// A lock that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockState {
    /// Who holds it, unless that is not known.
    pub holder: Option<Holder>,
    /// What decides that it is held.
    pub mode: LockMode,
    /// The server's number of the session that holds it.
    pub session: Option<i64>,
    /// The lease's epoch.
    pub epoch: Option<i64>,
    /// Until when the lease lasts unless it is renewed, by the server's clock.
    pub lease_until: Option<String>,
}

/// How the lock of a database stands, `None` when nobody holds it.
///
/// # Errors
/// When the database or the lock file cannot be asked.
pub fn state(url: &DatabaseUrl) -> Result<Option<LockState>, LockError> {
    if let Some(database) = url.file() {
        let holder = file::holder(database)?;
        let mode = LockMode::Session;
        return Ok(holder.map(|holder| LockState {
            holder: Some(holder),
            mode,
            session: None,
            epoch: None,
            lease_until: None,
        }));
    }
    let mut db = connect(url, Access::Read)?;
    let session = session::holding(db.as_mut())?;
    let row = if ledger::exists(db.as_mut())? { lease::read(db.as_mut())? } else { None };
    let (epoch, until) = row.as_ref().map_or((None, None), |row| row.standing());
    let lease_until = until.map(str::to_owned);
    if session.is_some() {
        let holder = row.as_ref().and_then(lease::Row::holder);
        return Ok(Some(LockState { holder, mode: LockMode::Session, session, epoch, lease_until }));
    }
    let Some(row) = row.filter(|row| row.holder().is_some()) else { return Ok(None) };
    let holder = row.lease_holder(&identity::of_server(db.as_mut())?);
    Ok(holder.map(|holder| LockState {
        holder: Some(holder),
        mode: LockMode::LeaseOnly,
        session: None,
        epoch,
        lease_until,
    }))
}

/// Takes a lease away from its holder, who may be gone: if not, nothing more that it does is written. Whether it was still the
/// lease with this epoch.
///
/// # Errors
/// Whatever the database refuses.
pub fn take_lease_away(url: &DatabaseUrl, epoch: i64) -> Result<bool, LockError> {
    let mut db = connect(url, Access::Write)?;
    Ok(lease::take_away(db.as_mut(), epoch)?)
}
