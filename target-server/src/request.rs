//! What a client asks for when it asks for a stream: path, query, body and headers made into values that are valid.
//! Nothing is looked up and nothing is sent here.

pub(crate) mod body;
pub(crate) mod head;
pub(crate) mod params;

use std::num::NonZeroU64;

use crate::connection::Client;
use crate::modes::{ModeSpec, UnknownMode};
use crate::source::SourceSpec;
use crate::source::chat::ChatSpec;
use crate::source::prices::{PricesSpec, smallest_size};
use crate::source::topic::BadTopicName;
use crate::values;
use body::ChatBody;
use head::RequestHead;
use params::{BadParam, Params};

/// What the head of a stream says to proxies.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ToProxies {
    /// Asks those of nginx's kind not to buffer.
    pub unbuffered: bool,
    /// Says nothing of caching, as many applications do: then a cache may keep the response.
    pub cacheable: bool,
}

/// A valid request for a stream.
#[derive(Clone, Debug)]
pub(crate) struct StreamRequest {
    /// What to be fed from.
    pub source: SourceSpec,
    /// Events until a clean end; absent: endless.
    pub count: Option<NonZeroU64>,
    /// The reconnection time to send first, in milliseconds.
    pub retry: Option<u64>,
    /// How to misbehave.
    pub mode: Option<ModeSpec>,
    /// What to tell proxies.
    pub to_proxies: ToProxies,
    /// What the client saw last.
    pub last_event_id: Option<u64>,
    /// What the client can do.
    pub client: Client,
}

/// Why a request for a stream is refused; its text is the body of the answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadRequest {
    /// A parameter is out of its range, unknown, or given twice.
    #[error(transparent)]
    Param(#[from] BadParam),
    /// The mode's name or value is wrong.
    #[error(transparent)]
    Mode(#[from] UnknownMode),
    /// The mode does not go with the rest of the request.
    #[error("mode={mode} {problem}")]
    Unfit {
        /// The mode.
        mode: ModeSpec,
        /// What is missing.
        problem: &'static str,
    },
    /// The topic's name is wrong.
    #[error(transparent)]
    Topic(#[from] BadTopicName),
    /// The body of a completion request is not JSON, or not of the right form.
    #[error("the body is no completion request: {0}")]
    Body(#[from] serde_json::Error),
}

/// Reads a request for `/prices`.
pub(crate) fn prices(head: &RequestHead, client: Client) -> Result<StreamRequest, BadRequest> {
    let mut params = Params::parse(head.query())?;
    let interval = params
        .take("interval", values::interval)?
        .unwrap_or(values::DEFAULT_INTERVAL);
    let spec = PricesSpec {
        interval,
        jitter: params
            .take("jitter", values::jitter(interval))?
            .unwrap_or_default(),
        burst: params
            .take("burst", values::number(1, 10_000))?
            .unwrap_or(1),
        size: params.take("size", values::number(smallest_size(), 1 << 20))?,
        pad: params.take("pad", values::pad)?.unwrap_or_default(),
        seed: params
            .take("seed", values::number(0, u64::MAX))?
            .unwrap_or(1),
        heartbeat: params.take("heartbeat", values::heartbeat)?,
    };
    let private = params.take("private", values::flag)?.unwrap_or_default();
    let source = if private {
        SourceSpec::PrivatePrices(spec)
    } else {
        SourceSpec::Prices(spec)
    };
    common(params, source, head, client)
}

/// Reads a request for `/subscribe/{topic}`; `topic` is what stands behind the slash.
pub(crate) fn subscribe(
    head: &RequestHead,
    topic: &str,
    client: Client,
) -> Result<StreamRequest, BadRequest> {
    let params = Params::parse(head.query())?;
    common(params, SourceSpec::Topic(topic.parse()?), head, client)
}

/// Reads a request for `/v1/chat/completions`; what the query says goes before what the body says.
pub(crate) fn chat(
    head: &RequestHead,
    body: &[u8],
    client: Client,
) -> Result<StreamRequest, BadRequest> {
    let body = ChatBody::parse(body)?;
    let mut params = Params::parse(head.query())?;
    params.add_defaults(&body.scripted);
    let spec = ChatSpec {
        first: params
            .take("first", values::pause)?
            .unwrap_or(values::DEFAULT_FIRST),
        gap: params
            .take("gap", values::pause)?
            .unwrap_or(values::DEFAULT_GAP),
        tokens: params
            .take("tokens", values::number(1, 100_000))?
            .unwrap_or(50),
    };
    common(params, SourceSpec::Chat(spec), head, client)
}

fn common(
    mut params: Params,
    source: SourceSpec,
    head: &RequestHead,
    client: Client,
) -> Result<StreamRequest, BadRequest> {
    let count: u64 = params
        .take("count", values::number(0, u64::MAX))?
        .unwrap_or(0);
    let retry = params.take("retry", values::number(0, 3_600_000))?;
    let to_proxies = ToProxies {
        unbuffered: params.take("xab", values::flag)?.unwrap_or_default(),
        cacheable: params.take("cacheable", values::flag)?.unwrap_or_default(),
    };
    let mode = params
        .take_text("mode")?
        .map(|mode| mode.parse::<ModeSpec>())
        .transpose()?;
    params.finish()?;
    let count = NonZeroU64::new(count);
    if let Some(mode) = &mode
        && let Some(problem) = mode.problem_with(count, &client)
    {
        return Err(BadRequest::Unfit {
            mode: mode.clone(),
            problem,
        });
    }
    // An id of another form cannot be one of ours: then nothing was seen yet.
    let last_event_id = head.header("last-event-id").and_then(|id| id.parse().ok());
    Ok(StreamRequest {
        source,
        count,
        retry,
        mode,
        to_proxies,
        last_event_id,
        client,
    })
}
