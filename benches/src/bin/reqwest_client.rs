//! reqwest and eventsource-stream: what most Rust programs read event streams with; one task for each stream, which counts events.
//!
//! A peer of loadgen in `side_by_side`.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use benches::arguments::Held;
use benches::process::allow_descriptors;
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

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the count is what this program is for"
)]
#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse().held).await {
        Ok(events) => {
            println!("{events} events");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("reqwest_client: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(held: &Held) -> Result<u64> {
    allow_descriptors(held.connections as u64 + 64)?;
    let client = Client::new();
    let events = Arc::new(AtomicU64::new(0));
    let pause = held.pause(1);
    for _ in 0..held.connections {
        let (client, url, events) = (client.clone(), held.url.clone(), events.clone());
        // A stream that fails is missed by the server, which is who counts.
        tokio::spawn(async move { subscribe(client, url, &events).await });
        if pause > Duration::ZERO {
            tokio::time::sleep(pause).await;
        }
    }
    tokio::time::sleep(held.hold).await;
    Ok(events.load(Ordering::Relaxed))
}

async fn subscribe(client: Client, url: String, events: &AtomicU64) -> Result<()> {
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
