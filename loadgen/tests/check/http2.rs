//! HTTP/2: the same verdicts over it, its own ways to end, and what differs from HTTP/1.1.

use crate::scripted::{STREAM, Scripted, stream};
use crate::support::{all_at_once, brief, check, check_that_counts, codes, plan};
use bytes::Bytes;
use h2::{Reason, SendStream, server};
use loadgen::check::{Outcome, Purpose};
use loadgen::plan::{CheckPlan, Offer, Version};
use run_record::verdict::{HoldBy, Word};
use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::sleep;
use verdict::observations::EndKind;

type Body = SendStream<Bytes>;
type Script =
    for<'a> fn(&'a mut Body) -> Pin<Box<dyn Future<Output = Result<(), h2::Error>> + Send + 'a>>;

/// A server that speaks HTTP/2 without TLS and answers each request with the same script; it ends with the test.
struct Server {
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    fn start(script: Script) -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let _ = socket.set_nodelay(true);
                tokio::spawn(async move {
                    let mut connection = server::handshake(socket).await?;
                    while let Some(accepted) = connection.accept().await {
                        let (_, mut answer) = accepted?;
                        tokio::spawn(async move {
                            let head = http::Response::builder();
                            let head = head.header("content-type", "text/event-stream");
                            let head = head.body(()).expect("a head");
                            let mut body = answer.send_response(head, false)?;
                            script(&mut body).await
                        });
                    }
                    Ok::<(), h2::Error>(())
                });
            }
        });
        Server {
            address,
            _runtime: runtime,
        }
    }

    fn plan(&self) -> CheckPlan {
        CheckPlan {
            http: Offer::Only(Version::Http2),
            ..plan(self.address, "/stream")
        }
    }
}

fn event(body: &mut Body, number: usize) -> Result<(), h2::Error> {
    let event = format!("id: {number}\ndata: event {number}\n\n");
    body.send_data(event.into(), false)
}

/// Groups of so many events, so far apart, without end.
async fn groups(body: &mut Body, group: usize, gap: Duration) -> Result<(), h2::Error> {
    for number in 0.. {
        sleep(gap).await;
        for one in 0..group {
            event(body, number * group + one)?;
        }
    }
    Ok(())
}

async fn some(body: &mut Body, events: usize) -> Result<(), h2::Error> {
    for number in 0..events {
        event(body, number)?;
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn require(is_so: bool, what: &str, outcome: &Outcome) -> Result<(), String> {
    is_so
        .then_some(())
        .ok_or_else(|| format!("{what}: {}", brief(outcome)))
}

#[test]
fn a_stream_over_http_2_is_judged_as_any_other() {
    let live: Script = |body| Box::pin(groups(body, 1, Duration::from_millis(30)));
    let timed: Script = |body| Box::pin(groups(body, 4, Duration::from_millis(250)));
    all_at_once(
        &[(live, Word::Live), (timed, Word::Batched)],
        |(script, word)| {
            let server = Server::start(*script);
            let outcome = check_that_counts(&server.plan());
            require(outcome.verdict.word == *word, word.label(), &outcome)?;
            let by_time = outcome
                .verdict
                .hold
                .as_ref()
                .is_none_or(|hold| hold.by != HoldBy::Size);
            require(by_time, "time", &outcome)?;
            let probe = &outcome.observations.probes[0];
            let spoken = probe.head.as_ref().map(|head| head.version);
            require(spoken == Some(Version::Http2), "HTTP/2", &outcome)?;
            require(probe.frames.len() >= probe.events.len(), "frames", &outcome)?;
            let is_stamped = probe.reads.iter().all(|read| read.stamped);
            require(is_stamped, "stamps", &outcome)
        },
    );
}

#[test]
fn the_ways_in_which_a_stream_ends_are_told_apart() {
    let ended: Script = |body| {
        Box::pin(async {
            some(body, 6).await?;
            body.send_data(Bytes::new(), true)
        })
    };
    let reset: Script = |body| {
        Box::pin(async {
            some(body, 6).await?;
            body.send_reset(Reason::INTERNAL_ERROR);
            Ok(())
        })
    };
    let cases = [
        (ended, EndKind::LastChunk, None),
        (reset, EndKind::Reset, Some("cut.reset")),
    ];
    all_at_once(&cases, |(script, kind, code)| {
        let server = Server::start(*script);
        let outcome = check(&server.plan());
        let probe = &outcome.observations.probes[0];
        require(
            probe.end.kind == *kind,
            &format!("{:?}", probe.end.kind),
            &outcome,
        )?;
        require(probe.events.len() == 6, "six events", &outcome)?;
        let is_cut = outcome.verdict.word == Word::Cut;
        require(is_cut == code.is_some(), "CUT", &outcome)?;
        let is_said = code.is_none_or(|code| codes(&outcome.verdict).contains(&code));
        require(is_said, "the code", &outcome)
    });
}

#[test]
fn who_does_not_speak_http_2_is_no_stream_and_is_asked_once() {
    let server = Scripted::start(|_, client| {
        client.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    });
    let outcome = check(&CheckPlan {
        http: Offer::Only(Version::Http2),
        ..plan(server.address(), "/stream")
    });
    assert_eq!(outcome.verdict.word, Word::NoStream, "{}", brief(&outcome));
    assert!(
        outcome.verdict.gloss.contains("no HTTP/2"),
        "{}",
        brief(&outcome)
    );
    assert_eq!(outcome.purposes.len(), 1);
}

#[test]
fn http_1_0_is_asked_where_a_stream_ended_after_its_first_event() {
    // What Rails Live does: one event to whom asks over HTTP/1.0, all to the others.
    let server = Scripted::start(|asked, client| {
        if asked
            .head
            .lines()
            .next()
            .is_some_and(|line| line.ends_with("HTTP/1.0"))
        {
            client.write_all(b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")?;
            return client.write_all(b"data: first\n\n");
        }
        stream(client, 1, Duration::from_millis(20))
    });
    let outcome = check(&CheckPlan {
        http: Offer::Only(Version::Http10),
        ..plan(server.address(), "/stream")
    });
    let asked: Vec<_> = outcome.purposes.iter().collect();
    let over = Purpose::Question(verdict::plan::Why::OverHttp11);
    assert!(asked.contains(&&over), "{}", brief(&outcome));
    let heads: Vec<String> = server.asked().into_iter().map(|asked| asked.head).collect();
    assert!(heads[0].contains(" HTTP/1.0\r\n") && heads.last().unwrap().contains(" HTTP/1.1\r\n"));

    let short = Scripted::start(|_, client| {
        client.write_all(STREAM.as_bytes())?;
        crate::scripted::chunk(client, "data: first\n\n")?;
        client.write_all(b"0\r\n\r\n")
    });
    let outcome = check(&plan(short.address(), "/stream"));
    let over = Purpose::Question(verdict::plan::Why::OverHttp10);
    assert!(outcome.purposes.contains(&over), "{}", brief(&outcome));
}
