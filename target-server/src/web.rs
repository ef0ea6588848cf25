//! Everything that is not a stream: the demo page, publishing, and what the server tells about itself.
//! It holds no state; it asks the threads that do.

pub(crate) mod metrics;

use std::collections::HashMap;
use std::sync::{Arc, mpsc};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::json;
use tokio::sync::{mpsc as channel, oneshot};

use crate::accept::FrontCounters;
use crate::accept::clock::reading;
use crate::clock;
use crate::counters::{PacerCounters, WorkerCounters};
use crate::frame::Author;
use crate::messages::{CountersQuery, Publication, ToPacer, TruthQuery};
use crate::source::SourceId;
use crate::source::topic::{Message, TopicName};
use crate::truth::report;

/// What the handlers share.
#[derive(Clone, Debug)]
pub(crate) struct Web {
    /// The process, as in every event, and the clock it shows.
    pub author: Author,
    /// Whom to ask.
    pub pacer: mpsc::Sender<ToPacer>,
    /// What the front counts.
    pub front: Arc<FrontCounters>,
    /// What `/ready` says; without it there is no such path.
    pub ready_word: Option<String>,
}

/// The most bytes of a published message.
const MAX_MESSAGE: usize = 64 * 1024;

const PATHS: &str = "\
GET  /                      demo page
GET  /prices                live prices as an event stream
GET  /subscribe/{topic}     what is published, as an event stream
POST /publish/{topic}       publish the body
POST /v1/chat/completions   a token stream
GET  /truth                 the list of streams
GET  /truth/{stream}        what a stream really did
GET  /clock                 this machine's clock
GET  /metrics               counters
GET  /healthz               is it up?
";

impl Web {
    /// All that is served beside the streams.
    pub(crate) fn routes(self) -> Router {
        let ready = self.ready_word.clone();
        let ready = ready.map_or_else(Router::new, |word| {
            Router::new().route("/ready", get(async move || format!("ready {word}\n")))
        });
        self.clone()
            .control_routes()
            .merge(ready)
            .route("/", get(|| async { Html(include_str!("web/page.html")) }))
            .merge(
                Router::new()
                    .route("/publish/{topic}", post(publish))
                    .with_state(self),
            )
            .layer(DefaultBodyLimit::max(MAX_MESSAGE))
    }

    /// What the server tells about itself.
    pub(crate) fn control_routes(self) -> Router {
        Router::new()
            .route("/truth", get(list))
            .route("/truth/{stream}", get(truth))
            .route("/clock", get(read_clock))
            .route("/metrics", get(show_metrics))
            .route("/healthz", get(|| async { "ok\n" }))
            .fallback(|| async {
                (
                    StatusCode::NOT_FOUND,
                    format!("nothing is here; there is\n{PATHS}"),
                )
            })
            .with_state(self)
    }

    async fn counters(&self) -> Result<(PacerCounters, WorkerCounters), Failure> {
        let (pacer, from_pacer) = oneshot::channel();
        let (workers, mut from_workers) = channel::unbounded_channel();
        self.ask(ToPacer::Counters(CountersQuery { pacer, workers }))?;
        let counters = from_pacer.await.map_err(|_| Failure::stopping())?;
        let mut sum = WorkerCounters::default();
        while let Some(counters) = from_workers.recv().await {
            sum.merge(&counters);
        }
        Ok((counters, sum))
    }

    fn ask(&self, question: ToPacer) -> Result<(), Failure> {
        self.pacer.send(question).map_err(|_| Failure::stopping())
    }
}

/// An answer that is not the one hoped for.
struct Failure(StatusCode, String);

impl Failure {
    fn new(status: StatusCode, text: impl ToString) -> Self {
        Self(status, text.to_string())
    }

    fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server stops")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, self.1 + "\n").into_response()
    }
}

async fn list(State(web): State<Web>) -> Result<Response, Failure> {
    let (mut counters, _) = web.counters().await?;
    counters
        .sources
        .sort_by_key(|source| source.stream[1..].parse::<u32>().unwrap_or(u32::MAX));
    Ok(
        Json(json!({ "instance": web.author.instance, "streams": counters.sources }))
            .into_response(),
    )
}

async fn truth(
    State(web): State<Web>,
    Path(stream): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let unknown = || {
        Failure::new(
            StatusCode::NOT_FOUND,
            format!("no stream {stream} here; /truth lists them"),
        )
    };
    let with_writes = match query.get("writes").map(String::as_str) {
        None | Some("1") => true,
        Some("0") => false,
        Some(other) => {
            return Err(Failure::new(
                StatusCode::BAD_REQUEST,
                format!("writes={other}: expected 0 or 1"),
            ));
        }
    };
    let source: SourceId = stream.parse().map_err(|()| unknown())?;
    let (pacer, from_pacer) = oneshot::channel();
    let (workers, mut from_workers) = channel::unbounded_channel();
    web.ask(ToPacer::Truth(TruthQuery {
        source,
        pacer,
        workers,
    }))?;
    let source = from_pacer
        .await
        .map_err(|_| Failure::stopping())?
        .ok_or_else(unknown)?;
    let mut parts = Vec::new();
    while let Some(part) = from_workers.recv().await {
        parts.push(part);
    }
    // Millions of records take a while; the front must go on accepting meanwhile.
    let json = tokio::task::spawn_blocking(move || {
        let truth = report::assemble(web.author, clock::now(), &source, &parts, with_writes);
        serde_json::to_vec(&truth)
    });
    let json = json
        .await
        .map_err(|error| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error))?;
    let json = json.map_err(|error| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error))?;
    Ok(([(CONTENT_TYPE, "application/json")], json).into_response())
}

/// On the control address, which serves no streams; elsewhere the front answers before a request comes here.
async fn read_clock(State(web): State<Web>) -> Response {
    Json(reading(web.author, clock::now(), clock::now())).into_response()
}

async fn show_metrics(State(web): State<Web>) -> Result<Response, Failure> {
    let (pacer, workers) = web.counters().await?;
    let text = metrics::render(web.author.instance, &web.front, &pacer, &workers);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

async fn publish(
    State(web): State<Web>,
    Path(topic): Path<String>,
    Query(mut query): Query<HashMap<String, String>>,
    data: String,
) -> Result<Response, Failure> {
    let bad = |text: &dyn ToString| Failure::new(StatusCode::BAD_REQUEST, text.to_string());
    let topic: TopicName = topic.parse().map_err(|error| bad(&error))?;
    let event = query.remove("event").filter(|event| !event.is_empty());
    let message = Message::new(event, data).map_err(|error| bad(&format!("event: {error}")))?;
    let (reply, answer) = oneshot::channel();
    web.ask(ToPacer::Publish(Publication {
        topic,
        message,
        reply,
    }))?;
    let outcome = answer.await.map_err(|_| Failure::stopping())?;
    let published = outcome.map_err(|error| Failure::new(StatusCode::TOO_MANY_REQUESTS, error))?;
    Ok(Json(json!({ "id": published.id, "subscribers": published.subscribers })).into_response())
}
