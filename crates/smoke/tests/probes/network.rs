//! Connections and names on the loopback. What is said over a connection is other probes'.

use std::net::TcpListener;
use std::time::Duration;

use plimsoll_smoke::Options;

use crate::{checks, run, told};

#[test]
fn something_that_listens_is_seen_and_nothing_is_told_by_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port nobody has");
    let text = checks(&[
        &format!("tcp = {{ address = '{address}', timeout = '5s' }}"),
        &format!("tcp = {{ address = '{free}' }}"),
        &format!("tcp = {{ address = '{free}' }}\nexpect = {{ error = {{ contains = 'refused' }} }}"),
        &format!("tcp = {{ address = '{address}' }}\nexpect = {{ error = {{ contains = 'refused' }} }}"),
        &format!("tcp = {{ address = 'nowhere..invalid:{}' }}", address.port()),
    ]);
    let found = told(&run(&text, &Options::default()));
    assert_eq!(found[0], "PASS ");
    assert_eq!(found[1], format!("FAIL error: expected nothing, found \"{free}: connection refused\""));
    assert_eq!(found[2], "PASS ");
    assert!(found[3].starts_with("FAIL error: expected"), "{found:?}");
    assert!(found[4].starts_with("ERROR host name not found"), "{found:?}");
}

#[test]
fn all_addresses_of_a_name_have_to_answer_when_all_are_asked() {
    // 127.0.0.2 is the loopback as well, and nothing listens there.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let text = checks(&[
        &format!("tcp = {{ address = '127.0.0.1:{port}', resolve = 'all' }}"),
        &format!("tcp = {{ address = 'localhost:{port}', resolve = '127.0.0.2' }}"),
        &format!("tcp = {{ address = 'localhost:{port}', resolve = '127.0.0.1' }}"),
    ]);
    let found = told(&run(&text, &Options::default()));
    let refused = format!("FAIL error: expected nothing, found \"127.0.0.2:{port}: connection refused\"");
    assert_eq!(found, ["PASS ".to_owned(), refused, "PASS ".to_owned()]);
}

#[test]
fn names_are_looked_up_as_the_system_does() {
    let text = checks(&[
        "dns = { name = 'localhost' }\nexpect = { json = { '$' = { contains = '127.0.0.1' } } }",
        "dns = { name = '127.0.0.1', type = 'AAAA' }",
        "dns = { name = '::1', type = 'AAAA' }\nexpect = { json = { '$[0]' = '::1' } }",
        "dns = { name = '127.0.0.1', type = 'AAAA' }\nexpect = { error = { contains = 'no address of type AAAA' } }",
        "dns = { name = 'nowhere..invalid' }\nexpect = { json = { '$' = ['127.0.0.1'] } }",
    ]);
    let found = told(&run(&text, &Options::default()));
    assert_eq!((found[0].as_str(), found[2].as_str(), found[3].as_str()), ("PASS ", "PASS ", "PASS "), "{found:?}");
    assert_eq!(found[1], "FAIL error: expected nothing, found \"the name has no address of type AAAA\"");
    assert!(!found[4].starts_with("PASS"), "{found:?}");
}

#[test]
fn a_run_without_time_measures_nothing() {
    let options = Options { deadline: Some(Duration::ZERO), ..Options::default() };
    let found = told(&run(&checks(&["tcp = { address = '127.0.0.1:1' }"]), &options));
    assert_eq!(found, ["ERROR time of the whole run used up"]);
}
