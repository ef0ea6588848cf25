//! reqwest and eventsource-stream: what most Rust programs read event streams with; one task for each stream, which counts events.
//!
//! A peer of loadgen in `side_by_side`.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use benches::arguments::Held;
use benches::client;
use clap::Parser;
use eventsource_stream::Eventsource as _;
use futures_util::StreamExt as _;
use reqwest::Client;

/// Holds event streams with reqwest and eventsource-stream, and counts events
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    held: Held,
}

#[tokio::main]
async fn main() -> ExitCode {
    let held = Arguments::parse().held;
    let http = Client::new();
    let stream = |events| subscribe(http.clone(), held.url.clone(), events);
    client::hold("reqwest_client", "events", &held, stream).await
}

async fn subscribe(client: Client, url: String, events: Arc<AtomicU64>) -> Result<()> {
    let response = client
        .get(url)
        .header("accept", "text/event-stream")
        .send()
        .await?;
    let mut stream = response.bytes_stream().eventsource();
    while let Some(event) = stream.next().await {
        event?;
        events.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
