//! The same streams over Unix sockets and TLS.

use std::net::TcpStream;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use target_server::{Config, End, Listen, Server, StartError, TlsFiles};

use crate::client::{Client, fetch, seqs, truth_when, wait_for};

fn unix_server(path: &Path) -> Result<Server, StartError> {
    let listen = vec![
        Listen::Unix(path.to_owned()),
        Config::default().listen.remove(0),
    ];
    Server::start(Config {
        listen,
        ..Config::default()
    })
}

#[test]
fn a_unix_socket_streams_and_is_removed_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("prices.sock");
    let server = unix_server(&path).unwrap();
    let mut client = Client::new(UnixStream::connect(&path).unwrap());
    client.send("GET /prices?interval=2ms&count=5&mode=lose:2 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.head().status, 200);
    let events: Vec<_> = (0..3).map(|_| client.event()).collect();
    assert_eq!((seqs(&events), client.chunk()), (vec![1, 3, 5], None));
    let truth = truth_when(&server, "t1", |truth| truth.subscribers[0].closed.is_some());
    assert_eq!(truth.subscribers[0].peer, "unix");
    assert_eq!(truth.subscribers[0].bytes, client.received.len() as u64);

    let mut corked = Client::new(UnixStream::connect(&path).unwrap());
    corked.send("GET /prices?mode=cork HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(corked.head().status, 400);
    server.shutdown().unwrap();
    assert!(!path.exists());
}

#[test]
fn an_abandoned_socket_is_replaced_and_a_living_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("prices.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let server = unix_server(&path).unwrap();
    let error = unix_server(&path).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot listen on unix:{}", path.display())),
        "{error}"
    );
    drop(server);

    std::fs::write(&path, "a file").unwrap();
    assert!(unix_server(&path).is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a file");
}

struct Secure {
    server: Server,
    config: Arc<ClientConfig>,
    _files: tempfile::TempDir,
}

fn tls_server(config: Config) -> Secure {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let (certificate, key) = (
        files.path().join("certificate.pem"),
        files.path().join("key.pem"),
    );
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server = Server::start(Config {
        tls: Some(TlsFiles { certificate, key }),
        control: Some(([127, 0, 0, 1], 0).into()),
        ..config
    });
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Secure {
        server: server.unwrap(),
        config: Arc::new(config),
        _files: files,
    }
}

impl Secure {
    fn connect(&self) -> Client<StreamOwned<ClientConnection, TcpStream>> {
        let name = ServerName::try_from("localhost").unwrap();
        let session = ClientConnection::new(self.config.clone(), name).unwrap();
        let socket = TcpStream::connect(self.server.local_addr().unwrap()).unwrap();
        Client::new(StreamOwned::new(session, socket))
    }

    fn control(&self, target: &str) -> String {
        fetch(self.server.control_addr().unwrap(), target).1
    }
}

#[test]
fn tls_streams_and_answers_alike() {
    let secure = tls_server(Config::default());
    let mut client = secure.connect();
    client.send("GET /prices?interval=2ms&count=20&size=500 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.head().status, 200);
    assert_eq!(client.stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    let events: Vec<_> = (0..20).map(|_| client.event()).collect();
    assert_eq!(seqs(&events), (1..=20).collect::<Vec<_>>());
    assert_eq!(client.chunk(), None);
    // The client insists on a proper goodbye: without close_notify this read would be an error.
    client.assert_end();

    let mut page = secure.connect();
    page.send("GET /clock HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(page.head().status, 200);
    let truth: target_server::StreamTruth =
        serde_json::from_str(&secure.control("/truth/t1")).unwrap();
    let subscriber = &truth.subscribers[0];
    assert_eq!(
        (subscriber.events, subscriber.bytes),
        (20, client.received.len() as u64)
    );
}

#[test]
fn a_tls_client_that_pauses_gets_every_byte_later() {
    let secure = tls_server(Config {
        max_backlog: 64 << 20,
        ..Config::default()
    });
    let mut client = secure.connect();
    client.send("GET /prices?interval=1ms&count=150&size=100000 HTTP/1.1\r\nHost: x\r\n\r\n");
    client.head();
    let waiting = |metrics: &String| !metrics.contains("\ntarget_server_backlog_bytes 0\n");
    wait_for(|| secure.control("/metrics"), waiting);
    let events: Vec<_> = (0..150).map(|_| client.event()).collect();
    assert_eq!(seqs(&events), (1..=150).collect::<Vec<_>>());
    assert_eq!(client.chunk(), None);
    client.assert_end();
    let truth: target_server::StreamTruth =
        serde_json::from_str(&secure.control("/truth/t1")).unwrap();
    let subscriber = &truth.subscribers[0];
    assert_eq!((subscriber.events, subscriber.end), (150, Some(End::Count)));
    let writes: Vec<u64> = subscriber
        .writes
        .as_ref()
        .unwrap()
        .iter()
        .map(|(seq, ..)| *seq)
        .collect();
    assert_eq!(writes, seqs(&events));
}

#[test]
fn files_without_a_certificate_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nothing.pem");
    std::fs::write(&path, "nothing").unwrap();
    let tls = Some(TlsFiles {
        certificate: path.clone(),
        key: path.clone(),
    });
    let error = Server::start(Config {
        tls,
        ..Config::default()
    })
    .unwrap_err()
    .to_string();
    assert!(
        error.starts_with(&format!(
            "cannot read a certificate from {}",
            path.display()
        )),
        "{error}"
    );
}
