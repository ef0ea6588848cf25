//! What a client does that holds one task for each stream: it opens them over the ramp, holds them, and says what they counted.
//! It must not know how a stream is read.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;

use crate::arguments::Held;
use crate::process::allow_descriptors;

/// Holds the streams, each opened by `stream`, which adds to the count; `client` is the name of the program and `what` it counts.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the count is what these programs are for"
)]
pub async fn hold<F>(
    client: &str,
    what: &str,
    held: &Held,
    stream: impl Fn(Arc<AtomicU64>) -> F,
) -> ExitCode
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    match count(held, stream).await {
        Ok(counted) => {
            println!("{counted} {what}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{client}: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn count<F>(held: &Held, stream: impl Fn(Arc<AtomicU64>) -> F) -> Result<u64>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    allow_descriptors(held.connections as u64 + 64)?;
    let counted = Arc::new(AtomicU64::new(0));
    let pause = held.pause(1);
    for _ in 0..held.connections {
        // A stream that fails is missed by the server, which is who counts.
        tokio::spawn(stream(counted.clone()));
        if pause > Duration::ZERO {
            tokio::time::sleep(pause).await;
        }
    }
    tokio::time::sleep(held.hold).await;
    Ok(counted.load(Ordering::Relaxed))
}
