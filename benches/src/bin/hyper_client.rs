//! A plain hyper client: one task for each connection, which counts the chunks that its body yields.
//!
//! A peer of loadgen in `side_by_side`. It must not decode: what it needs is the price of the HTTP library alone.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use benches::arguments::Held;
use benches::client;
use clap::Parser;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Holds event streams with hyper, and counts chunks
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    held: Held,
}

#[tokio::main]
async fn main() -> ExitCode {
    let held = Arguments::parse().held;
    let stream = |chunks| subscribe(held.url.clone(), chunks);
    client::hold("hyper_client", "chunks", &held, stream).await
}

async fn subscribe(url: String, chunks: Arc<AtomicU64>) -> Result<()> {
    let uri: Uri = url.parse()?;
    let authority = uri.authority().context("no HOST:PORT")?.to_string();
    let socket = TcpStream::connect(&authority).await?;
    socket.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header("host", authority)
        .header("accept", "text/event-stream")
        .body(Empty::<Bytes>::new())?;
    let mut body = sender.send_request(request).await?.into_body();
    while let Some(frame) = body.frame().await {
        if frame?.is_data() {
            chunks.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}
