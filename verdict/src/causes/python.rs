//! Python: Django, Starlette, gunicorn.

use run_record::verdict::Confidence::Low;

use super::clues::Clues;
use super::{ByDefault, Case, Cure, Entry, Sure, advice, cure};
use crate::chunks::Chunks;
use crate::text::plural;
use crate::vocabulary::Sign;

const NO_GZIP: &[Cure] = &[
    cure(
        "tell the middleware that the response is coded already",
        "response[\"Content-Encoding\"] = \"identity\"",
        "the view",
    ),
    advice("remove django.middleware.gzip.GZipMiddleware"),
];

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "django.sync-generator-asgi",
        component: "Django",
        versions: "5.2.19 under ASGI with a sync iterator",
        by_default: ByDefault::Yes,
        shows: &[Sign::EndEarlyHead],
        what: "collects a synchronous iterator before it sends any of it",
        betrays: "the head early, one chunk per event at the end, not compressed, signed by an ASGI server",
        cures: &[cure(
            "give the response an asynchronous iterator",
            "async def stream(): ... yield ...",
            "the view",
        )],
        sure: Sure::Measured,
        source: "Django 5.2.19 on uvicorn, measured",
        test: sync_generator,
    },
    Entry {
        code: "django.gzip",
        component: "Django GZipMiddleware",
        versions: "5.2.19, WSGI, sync iterator",
        by_default: ByDefault::No,
        shows: &[Sign::HoldCompressor],
        what: "compresses without flushing after each event",
        betrays: "the head early, gzip, the body at the close, late with Accept-Encoding only",
        cures: NO_GZIP,
        sure: Sure::Measured,
        source: "Django 5.2.19, measured; goodrain/rainbond-console#1909",
        test: django_gzip,
    },
    Entry {
        code: "django.gzip-members",
        component: "Django GZipMiddleware",
        versions: "5.2.19, ASGI, async iterator",
        by_default: ByDefault::No,
        shows: &[Sign::DecodeLate],
        what: "makes a gzip member of each event: live for clients that read several members, and one event for the others",
        betrays: "one gzip member per event",
        cures: NO_GZIP,
        sure: Sure::Measured,
        source: "Django 5.2.19 on uvicorn, measured",
        test: gzip_members,
    },
    Entry {
        code: "starlette.gzip",
        component: "Starlette GZipMiddleware",
        versions: "before it left event streams alone; 1.10.0 does",
        by_default: ByDefault::No,
        shows: &[Sign::HoldCompressor],
        what: "compresses in blocks of 32 KiB without flushing after each event",
        betrays: "gzip on an event stream, late with Accept-Encoding only, signed by an ASGI server",
        cures: &[cure(
            "upgrade to a release that leaves event streams alone",
            "pip install -U starlette",
            "the environment of the application",
        )],
        sure: Sure::Issue,
        source: "Kludex/starlette#2753; 1.10.0 measured",
        test: starlette,
    },
    Entry {
        code: "gunicorn.sync",
        component: "gunicorn",
        versions: "27.0.1 with its sync worker",
        by_default: ByDefault::Yes,
        shows: &[Sign::Queue, Sign::CutTotal],
        what: "a sync worker serves one stream at a time, and is killed after its timeout of 30 s",
        betrays: "Server: gunicorn; WORKER TIMEOUT in its log",
        cures: &[cure(
            "serve streams from threads",
            "gunicorn --worker-class gthread --threads 100",
            "start command",
        )],
        sure: Sure::Measured,
        source: "gunicorn 27.0.1, measured: cut at 30.1 s, 299 of 600 events",
        test: gunicorn_sync,
    },
];

fn sync_generator(clues: &Clues) -> Option<Case> {
    let whole = clues
        .early_head()
        .filter(|_| clues.chunks == Chunks::PerEvent && !clues.is_coded())?;
    let early = format!(
        "the head came early, {} in one chunk each at the end",
        plural(whole.events as u64, "event")
    );
    let is_asgi = matches!(
        clues.python_server(),
        Some("uvicorn" | "daphne" | "hypercorn")
    );
    if is_asgi {
        Some(Case::strong(early).and_weak("signed by an ASGI server"))
    } else {
        clues
            .has_django_marks()
            .then(|| Case::strong(early).and_weak("headers that Django sets"))
    }
}

fn django_gzip(clues: &Clues) -> Option<Case> {
    let case = clues.compressor()?;
    if clues.has_django_marks() {
        return Some(case.and_weak("headers that Django sets"));
    }
    let server = clues.python_server()?;
    Some(case.and_weak(format!("signed by {server}")).at_most(Low))
}

fn gzip_members(clues: &Clues) -> Option<Case> {
    let members = clues.gzip_members;
    // A member for each of most events: a body in two parts is no such thing.
    (members >= 5 && members as usize * 2 >= clues.events).then(|| {
        Case::strong(format!(
            "{} gzip members for {}",
            members,
            plural(clues.events as u64, "event")
        ))
    })
}

fn starlette(clues: &Clues) -> Option<Case> {
    let case = clues.compressor()?;
    let is_asgi = matches!(
        clues.python_server(),
        Some("uvicorn" | "daphne" | "hypercorn")
    );
    (is_asgi && !clues.has_django_marks())
        .then(|| case.and_weak("signed by an ASGI server").at_most(Low))
}

fn gunicorn_sync(clues: &Clues) -> Option<Case> {
    if !clues.is_signed_by("gunicorn") {
        return None;
    }
    if let Some(queue) = clues.queue {
        let (served, waited) = (queue.served, queue.waited);
        return Some(
            Case::strong(format!("{served} streams ran, {waited} waited"))
                .and_weak("Server: gunicorn"),
        );
    }
    let is_its_timeout = clues.shows(Sign::CutTotal) && (28.0..=32.0).contains(&clues.seconds);
    is_its_timeout
        .then(|| Case::strong("cut after 30 s, whatever flowed").and_weak("Server: gunicorn"))
}
