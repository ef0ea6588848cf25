//! Who a TLS server has to prove to be, and to whose satisfaction.
//! It must not know connections; the engine drives the handshake.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use thiserror::Error;

use super::TlsPlan;
use crate::request::HttpVersion;

/// Whose word about the server's name is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The certificates that this machine trusts.
    System,
    /// Those in this PEM file, and no others.
    File(PathBuf),
    /// Anyone's: the server is not authenticated.
    Anyone,
}

/// Why no TLS connection could be made.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A certificate cannot be issued to this.
    #[error("`{0}` is neither a host name nor an address that a certificate can name")]
    ServerName(String),
    /// The machine has none.
    #[error(
        "this machine has no trusted certificates; install ca-certificates, or name a file with --cacert"
    )]
    NoSystemRoots,
    /// The file cannot be read.
    #[error("--cacert {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file has no certificate, or one that is none.
    #[error(
        "--cacert {path}: no usable certificate in it; expected PEM, `-----BEGIN CERTIFICATE-----`"
    )]
    NoCertificates {
        /// The file.
        path: PathBuf,
    },
    /// The library refuses the parameters.
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
}

impl TlsPlan {
    /// For a server of this name, or address (in brackets or not).
    ///
    /// HTTP/1.1 is negotiated by ALPN. HTTP/1.0 is older than that: servers refuse a handshake that names it.
    pub fn new(host: &str, trust: &Trust, version: HttpVersion) -> Result<Self, TlsError> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let server_name = ServerName::try_from(bare.to_owned())
            .map_err(|_| TlsError::ServerName(host.to_owned()))?;
        let provider = Arc::new(ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?;
        let mut config = match trust {
            Trust::System => versions.with_root_certificates(system_roots()?),
            Trust::File(path) => versions.with_root_certificates(roots_in(path)?),
            Trust::Anyone => versions
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AnyServer::new(&provider))),
        }
        .with_no_client_auth();
        if version == HttpVersion::Http11 {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
        }
        Ok(Self {
            server_name,
            config: Arc::new(config),
        })
    }

    /// The same, offering these protocols by ALPN; none at all where there are none.
    #[must_use]
    pub fn offering(&self, protocols: &[&[u8]]) -> Self {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Self {
            server_name: self.server_name.clone(),
            config: Arc::new(config),
        }
    }
}

fn system_roots() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        Err(TlsError::NoSystemRoots)
    } else {
        Ok(roots)
    }
}

fn roots_in(path: &Path) -> Result<RootCertStore, TlsError> {
    let unusable = || TlsError::NoCertificates {
        path: path.to_owned(),
    };
    let classify = |error| match error {
        pem::Error::Io(source) => TlsError::Unreadable {
            path: path.to_owned(),
            source,
        },
        _ => unusable(),
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(classify)? {
        roots
            .add(certificate.map_err(classify)?)
            .map_err(|_| unusable())?;
    }
    if roots.is_empty() {
        Err(unusable())
    } else {
        Ok(roots)
    }
}

/// `--insecure`: the handshake is checked, the name is not.
#[derive(Debug)]
struct AnyServer {
    algorithms: WebPkiSupportedAlgorithms,
}

impl AnyServer {
    fn new(provider: &CryptoProvider) -> Self {
        Self {
            algorithms: provider.signature_verification_algorithms,
        }
    }
}

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::{ClientConnection, ServerConfig, ServerConnection};

    use super::*;

    fn server(key: &CertifiedKey<rcgen::KeyPair>) -> ServerConnection {
        let private =
            rustls_pki_types::PrivateKeyDer::try_from(key.signing_key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![key.cert.der().clone()], private)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        ServerConnection::new(Arc::new(config)).unwrap()
    }

    /// Hands bytes to and fro until both are content or one is not.
    fn handshake(
        plan: &TlsPlan,
        mut server: ServerConnection,
    ) -> Result<ClientConnection, rustls::Error> {
        let mut client = ClientConnection::new(plan.config.clone(), plan.server_name.clone())?;
        while client.is_handshaking() || server.is_handshaking() {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut &wire[..]).unwrap();
            server.process_new_packets()?;
            wire.clear();
            server.write_tls(&mut wire).unwrap();
            client.read_tls(&mut &wire[..]).unwrap();
            client.process_new_packets()?;
        }
        Ok(client)
    }

    fn key(name: &str) -> CertifiedKey<rcgen::KeyPair> {
        generate_simple_self_signed([name.to_owned()]).unwrap()
    }

    fn pem_file(content: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file
    }

    fn plan(host: &str, trust: &Trust) -> TlsPlan {
        TlsPlan::new(host, trust, HttpVersion::Http11).unwrap()
    }

    #[test]
    fn the_file_named_is_trusted_and_http_1_1_is_agreed_upon() {
        let key = key("stream.example");
        let file = pem_file(&key.cert.pem());
        let trust = Trust::File(file.path().to_owned());
        let client = handshake(&plan("stream.example", &trust), server(&key)).unwrap();
        assert_eq!(client.alpn_protocol(), Some(&b"http/1.1"[..]));
        handshake(&plan("other.example", &trust), server(&key)).unwrap_err();
    }

    #[test]
    fn an_unknown_issuer_is_refused_unless_anyone_is_trusted() {
        let (theirs, other) = (key("127.0.0.1"), key("127.0.0.1"));
        let file = pem_file(&other.cert.pem());
        handshake(
            &plan("127.0.0.1", &Trust::File(file.path().to_owned())),
            server(&theirs),
        )
        .unwrap_err();
        handshake(&plan("127.0.0.1", &Trust::Anyone), server(&theirs)).unwrap();
        handshake(&plan("[::1]", &Trust::Anyone), server(&theirs)).unwrap();
    }

    #[test]
    fn http_1_0_is_not_negotiated() {
        let plan = TlsPlan::new("localhost", &Trust::Anyone, HttpVersion::Http10).unwrap();
        assert!(plan.config.alpn_protocols.is_empty());
    }

    #[test]
    fn what_holds_no_certificate_is_named() {
        let error = |content: &str| {
            let file = pem_file(content);
            let trust = Trust::File(file.path().to_owned());
            let error = TlsPlan::new("localhost", &trust, HttpVersion::Http11).unwrap_err();
            assert!(error.to_string().contains(file.path().to_str().unwrap()));
            error
        };
        assert!(matches!(error(""), TlsError::NoCertificates { .. }));
        assert!(matches!(error("no PEM"), TlsError::NoCertificates { .. }));
        let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(error(empty), TlsError::NoCertificates { .. }));
        let missing = Trust::File("/no/such/file.pem".into());
        let error = TlsPlan::new("localhost", &missing, HttpVersion::Http11).unwrap_err();
        assert!(matches!(error, TlsError::Unreadable { .. }));
    }
}
