//! The well-known ports that policies name.

use std::collections::BTreeSet;

use weir_cluster::inventory::Protocol;

use crate::resolve::program::Port;

const BOTH: &[Protocol] = &[Protocol::Tcp, Protocol::Udp];
const TCP: &[Protocol] = &[Protocol::Tcp];
const UDP: &[Protocol] = &[Protocol::Udp];

/// The well-known ports that policies name (IANA's Service Name and Transport Protocol Port Number Registry).
pub const WELL_KNOWN: &[(&str, u16, &[Protocol])] = &[
    ("ftp", 21, TCP),
    ("ssh", 22, TCP),
    ("telnet", 23, TCP),
    ("smtp", 25, TCP),
    ("domain", 53, BOTH),
    ("http", 80, TCP),
    ("kerberos", 88, BOTH),
    ("pop3", 110, TCP),
    ("ntp", 123, UDP),
    ("imap", 143, TCP),
    ("snmp", 161, UDP),
    ("ldap", 389, TCP),
    ("https", 443, TCP),
    ("submissions", 465, TCP),
    ("syslog", 514, UDP),
    ("submission", 587, TCP),
    ("ldaps", 636, TCP),
    ("domain-s", 853, TCP),
    ("ftps", 990, TCP),
    ("imaps", 993, TCP),
    ("pop3s", 995, TCP),
    ("ms-sql-s", 1433, TCP),
    ("mqtt", 1883, TCP),
    ("nfs", 2049, BOTH),
    ("mysql", 3306, TCP),
    ("postgresql", 5432, TCP),
    ("amqps", 5671, TCP),
    ("amqp", 5672, TCP),
    ("redis", 6379, TCP),
    ("syslog-tls", 6514, TCP),
    ("secure-mqtt", 8883, TCP),
];

/// The ports that a well-known name stands for.
pub fn iana(name: &str) -> Option<BTreeSet<Port>> {
    let (_, number, protocols) = WELL_KNOWN.iter().find(|(known, ..)| *known == name)?;
    let port = |protocol: &Protocol| Port::Range { protocol: *protocol, first: *number, last: *number };
    Some(protocols.iter().map(port).collect())
}
