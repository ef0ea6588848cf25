//! The end of a server: every stream ends properly, whatever its mode holds.

use target_server::{Config, Listen, Server};

use crate::client::{events, get, seqs, server};

#[test]
fn streams_end_with_their_last_chunk() {
    let server = server();
    let mut clients: Vec<_> = (0..5)
        .map(|_| get(&server, "/prices?interval=2ms"))
        .collect();
    for client in &mut clients {
        client.head();
        client.event();
    }
    server.shutdown().unwrap();
    for client in &mut clients {
        let rest = seqs(&events(&client.chunks().concat()));
        assert!(rest.windows(2).all(|pair| pair[1] == pair[0] + 1));
        client.assert_end();
    }
}

#[test]
fn what_a_mode_holds_is_released() {
    let server = server();
    let mut held = get(&server, "/prices?interval=1ms&mode=hold-all");
    let mut watcher = get(&server, "/prices?interval=1ms&count=20");
    watcher.head();
    watcher.chunks();
    server.shutdown().unwrap();
    assert_eq!(held.head().status, 200);
    assert!(!seqs(&events(&held.chunks().concat())).is_empty());
    held.assert_end();
}

#[test]
fn a_client_that_does_not_read_delays_nothing() {
    let server = Server::start(Config {
        max_backlog: 64 << 20,
        ..Config::default()
    })
    .unwrap();
    let _idle = get(&server, "/prices?interval=1ms&size=100000");
    let mut other = get(&server, "/prices?interval=1ms&size=100000&count=200");
    other.head();
    other.chunks();
    server.shutdown().unwrap();
}

#[test]
fn the_port_is_free_afterwards() {
    let first = server();
    let listen = vec![Listen::Tcp(first.local_addr().unwrap())];
    let config = Config {
        listen,
        ..Config::default()
    };
    let error = Server::start(config.clone()).unwrap_err().to_string();
    assert!(error.contains("--reuse-port"), "{error}");
    drop(first);
    Server::start(config).unwrap();
}

#[test]
fn a_stopper_ends_what_another_thread_waits_for() {
    let server = server();
    let stopper = server.stopper();
    let waiting = std::thread::spawn(move || server.join());
    stopper.stop();
    stopper.stop();
    waiting.join().unwrap().unwrap();
}
