//! `loadgen run` against real servers: Node behind nginx, TLS through nginx, Rails on Puma over TCP and a Unix socket.
//!
//! The counts are exact because every stream here has a known number of events and a reconnection is answered 204.
//! `./scripts/test` installs the servers and runs these tests; a plain `cargo test` skips them.

mod setup;

use setup::Setup;

#[test]
#[ignore = "needs node and nginx: ./scripts/test installs them"]
fn a_setup_is_gone_with_its_whole_group() {
    let origin = Setup::start("node-http");
    let proxy = Setup::start_before_origin("nginx-buffering-off", &origin);
    assert!(
        proxy
            .get("/stats")
            .expect("an answer")
            .contains("\"opened\":0")
    );
    let groups = [origin.group(), proxy.group()];
    drop(proxy);
    drop(origin);
    for group in groups {
        assert_eq!(
            nix::sys::signal::killpg(group, None),
            Err(nix::errno::Errno::ESRCH)
        );
    }
}

#[test]
#[ignore = "needs puma and Rails: ./scripts/test installs them"]
fn rails() {
    let tcp = Setup::start("puma");
    let unix = Setup::start_on_socket("puma-unix", "puma.sock");
    println!("{} {} {}", tcp.url("/"), unix.url("/"), tcp.tls_url(""));
}
