//! The account a server runs as: never root, which PostgreSQL refuses and nobody should want. Creating accounts is
//! left to the server's package.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use crate::failure::Failure;
use crate::servers::Kind;

/// An account of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// The account to change to, `None` where this user can run the server as it is.
pub(crate) fn for_server(kind: Kind) -> Result<Option<Account>, Failure> {
    if !is_root() {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd").map_err(Failure::because("cannot read /etc/passwd"))?;
    let preferred = match kind {
        Kind::Postgres | Kind::Vector => "postgres",
        Kind::Mariadb => "mysql",
    };
    find(&passwd, preferred)
        .or_else(|| find(&passwd, "nobody"))
        .map(Some)
        .ok_or_else(|| Failure::new(format!("{} cannot run as root and there is no account {preferred}", kind.title())))
}

/// Whether this process is root.
pub(crate) fn is_root() -> bool {
    own_uid() == 0
}

/// The user this process runs as.
pub(crate) fn own_uid() -> u32 {
    static UID: OnceLock<u32> = OnceLock::new();
    *UID.get_or_init(|| {
        Command::new("id")
            .arg("-u")
            .output()
            .ok()
            .and_then(|output| String::from_utf8(output.stdout).ok())
            .and_then(|text| text.trim().parse().ok())
            .expect("`id -u` prints a number on every system that has users")
    })
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let account = Account { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? };
        (fields[0] == name && account.uid != 0).then_some(account)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
                          toor-postgres:x:7:7::/:/bin/sh\n\
                          postgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\n\
                          mysql:x:0:0:a mistake:/:/bin/false\n";

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        assert_eq!(find(PASSWD, "postgres"), Some(Account { uid: 101, gid: 104 }));
        assert_eq!(find(PASSWD, "nobody"), None);
    }

    #[test]
    fn an_account_that_is_root_by_another_name_is_not_taken() {
        assert_eq!(find(PASSWD, "mysql"), None);
    }
}
