//! What a check will send, said before the first byte: one line, or the list of `--plan`.

use super::Hop;
use crate::plan::{CheckPlan, Offer, Version};
use run_record::redact;

/// One line: how many requests, where to, how many at a time and for how long.
pub fn announcement(plan: &CheckPlan) -> String {
    let method = &plan.request.method;
    let url = redact::url(plan.url.as_str());
    let most = most_requests(plan);
    let requests = if most == 1 {
        "1 request".to_owned()
    } else {
        format!("up to {most} requests")
    };
    format!(
        "{requests}, {} at a time, up to {} s: {method} {url}",
        at_once(plan),
        seconds(plan)
    )
}

/// The requests in the order in which they may be sent, each with its condition.
pub fn outline(plan: &CheckPlan) -> Vec<String> {
    let method = &plan.request.method;
    let encoding = match plan.own_encoding.as_deref() {
        Some("") => "without Accept-Encoding, as asked for".to_owned(),
        Some(own) => format!("with the Accept-Encoding given ({})", own.escape_debug()),
        None => "with Accept-Encoding, as a browser asks".to_owned(),
    };
    let mut lines = vec![format!("{method} {encoding}")];
    if !plan.is_safe() {
        if plan.repeat > 1 {
            let others = plan.repeat - 1;
            lines.push(format!("up to {others} more as controls (--repeat)"));
        }
        return lines;
    }
    if may_have_companion(plan) {
        lines.push("if it is target-server: the same beside it, two streams at once".into());
    }
    if plan.own_encoding.as_deref() != Some("") {
        lines.push("if it is not live or is compressed: the same without Accept-Encoding".into());
    }
    lines.push("if a beginning was late, or a response was cut: the same once more".into());
    if plan.url.path() == "/prices" {
        lines.push("if it is target-server and not live: at another rate, with other sizes".into());
        lines.push("if it is target-server and live: with events of 1,024 bytes".into());
        if plan.watch > CheckPlan::DEFAULT_WATCH {
            lines.push("if it is target-server and live: with events 0.7 s and 1.6 s apart".into());
        }
    }
    if plan.is_loopback_tcp() {
        lines.push("if a timer of 200 ms holds it: the same in segments of 1,460 bytes".into());
    }
    if plan.http == Offer::Newest && plan.target.tls.is_some() {
        lines.push("if HTTP/2 is agreed on, as a browser would: the same over HTTP/1.1".into());
    }
    lines.push(match plan.http {
        Offer::Only(Version::Http10) => {
            "if it ended after one event: the same over HTTP/1.1".into()
        }
        _ => "if it ended after one event, or nginx holds it: the same over HTTP/1.0".into(),
    });
    if plan.streams.is_none() {
        lines.push("if it is live: the same for a second client, which a cache would show".into());
    }
    if plan.is_loopback() {
        lines.push("if nothing comes: GET /truth, the log that a target-server keeps".into());
    }
    if let Some(streams) = plan.streams {
        lines.push(format!("at the end, {streams} streams at once (--streams)"));
    }
    lines
}

/// One line about a comparison: how many requests, to whom, how many at a time and for how long.
pub fn announcement_of_hops(hops: &[Hop]) -> String {
    let beside = may_stand_beside(hops);
    let most: usize = hops.iter().map(|hop| most_requests(&hop.plan)).sum();
    let most = most + if beside { hops.len() } else { 0 };
    let at_once = hops.iter().map(|hop| at_once(&hop.plan).into());
    let at_once = at_once
        .max()
        .unwrap_or(1)
        .max(if beside { hops.len() } else { 1 });
    let total: f64 = hops.iter().map(|hop| seconds(&hop.plan)).sum();
    let to: Vec<String> = hops
        .iter()
        .map(|hop| format!("{} {}", hop.name, redact::url(hop.plan.url.as_str())))
        .collect();
    let method = hops.first().map_or("GET", |hop| &hop.plan.request.method);
    format!(
        "up to {most} requests to {} hops, {at_once} at a time, up to {total} s: {method} {}",
        hops.len(),
        to.join(", ")
    )
}

/// The requests of a comparison in the order in which they may be sent, each with its condition.
pub fn outline_of_hops(hops: &[Hop]) -> Vec<String> {
    let mut lines: Vec<String> = hops
        .iter()
        .flat_map(|hop| {
            let lines = outline(&hop.plan).into_iter();
            lines.map(|line| format!("{}: {line}", hop.name))
        })
        .collect();
    if may_stand_beside(hops) {
        let condition = match hops.iter().all(|hop| hop.plan.streams.is_some()) {
            true => "at the end",
            false => "if it is target-server",
        };
        lines.push(format!(
            "{condition}: one of each hop at once, to compare event by event"
        ));
    }
    lines
}

/// Whether one stream of each hop may be open at once: on this machine, should it turn out to be a target-server, or
/// anywhere where the user allows as many.
pub(super) fn may_stand_beside(hops: &[Hop]) -> bool {
    let is_safe = hops.iter().all(|hop| hop.plan.is_safe());
    let allows = |hop: &Hop| {
        let streams = hop.plan.streams.map(usize::from);
        streams.is_some_and(|streams| streams >= hops.len())
    };
    let may_be_ours = |hop: &Hop| hop.plan.is_loopback() && hop.plan.url.path() == "/prices";
    let not_said = hops.iter().all(|hop| hop.plan.streams.is_none());
    is_safe && (hops.iter().all(allows) || (not_said && hops.iter().all(may_be_ours)))
}

fn seconds(plan: &CheckPlan) -> f64 {
    (plan.watch + 2 * plan.idle.unwrap_or_default()).as_secs_f64()
}

fn most_requests(plan: &CheckPlan) -> usize {
    if !plan.is_safe() {
        return plan.repeat.into();
    }
    let companion = usize::from(may_have_companion(plan));
    super::MAX_QUESTIONS + companion + plan.streams.map_or(0, usize::from)
}

fn at_once(plan: &CheckPlan) -> u16 {
    let without = if may_have_companion(plan) { 2 } else { 1 };
    plan.streams.unwrap_or(without)
}

/// Whether a second stream may stand beside the first, should the server turn out to be a target-server.
pub(super) fn may_have_companion(plan: &CheckPlan) -> bool {
    let has_other_plans = plan.streams.is_some() || plan.idle.is_some();
    plan.is_loopback() && plan.is_safe() && plan.url.path() == "/prices" && !has_other_plans
}
