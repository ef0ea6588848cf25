//! A plain hyper client: one task for each connection, which counts the chunks that its body yields.
//!
//! A peer of loadgen in `side_by_side`. It must not decode: what it needs is the price of the HTTP library alone.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use benches::arguments::Held;
use benches::process::allow_descriptors;
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

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the count is what this program is for"
)]
#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse().held).await {
        Ok(chunks) => {
            println!("{chunks} chunks");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("hyper_client: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(held: &Held) -> Result<u64> {
    allow_descriptors(held.connections as u64 + 64)?;
    let uri: Uri = held.url.parse()?;
    let chunks = Arc::new(AtomicU64::new(0));
    let pause = held.pause(1);
    for _ in 0..held.connections {
        let (uri, chunks) = (uri.clone(), chunks.clone());
        // A stream that fails is missed by the server, which is who counts.
        tokio::spawn(async move { subscribe(uri, &chunks).await });
        if pause > Duration::ZERO {
            tokio::time::sleep(pause).await;
        }
    }
    tokio::time::sleep(held.hold).await;
    Ok(chunks.load(Ordering::Relaxed))
}

async fn subscribe(uri: Uri, chunks: &AtomicU64) -> Result<()> {
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
