//! The limits themselves, one program after the other. Source: causes section 4.

use super::Kind::{FirstByte, Idle, Total};
use super::{Kind, TimeLimit};
use crate::causes::Sure::{self, Issue, Measured, Source};

const EOF: &str = "the connection closes without a last chunk";

/// All limits that are known, the shortest first. Those that other settings give are not here.
pub const LIMITS: &[TimeLimit] = &[
    limit(
        "Envoy",
        (15.0, 16.1),
        Total,
        EOF,
        ("timeout: 0s", "the route of Envoy"),
        Measured,
        &[("server", "envoy"), ("x-envoy-upstream-service-time", "")],
    ),
    limit(
        "AWS API Gateway",
        at(29.0),
        Total,
        "status 504",
        (
            "responseTransferMode: STREAM",
            "the integration of the method",
        ),
        Source,
        &[("x-amz-apigw-id", "")],
    ),
    limit(
        "gunicorn with its sync worker",
        at(30.1),
        Total,
        "the connection closes, WORKER TIMEOUT in the log",
        (
            "gunicorn --worker-class gthread --threads 100",
            "start command",
        ),
        Measured,
        &[("server", "gunicorn")],
    ),
    limit(
        "Google Cloud load balancer",
        at(30.0),
        Total,
        "cut",
        ("timeoutSec", "the backend service"),
        Source,
        &[("via", "google"), ("server", "google")],
    ),
    limit(
        "h2o",
        at(30.0),
        Idle,
        "bytes that are no chunk",
        ("proxy.timeout.io: 3600000", "h2o.conf"),
        Measured,
        &[("server", "h2o")],
    ),
    limit(
        "CloudFront",
        at(30.0),
        Idle,
        "status 504 or cut",
        ("the origin read timeout", ""),
        Source,
        &[("via", "cloudfront"), ("x-amz-cf-id", "")],
    ),
    limit(
        "Heroku's router",
        at(30.0),
        FirstByte,
        "status 503 (H12)",
        ("", ""),
        Source,
        &[("via", "vegur"), ("via", "heroku")],
    ),
    limit(
        "Apache Traffic Server",
        at(30.9),
        Idle,
        EOF,
        ("", ""),
        Measured,
        &[("server", "ats")],
    ),
    limit(
        "HAProxy with Debian's configuration",
        at(50.1),
        Idle,
        EOF,
        (
            "timeout server 3600s",
            "haproxy defaults, frontend or backend section; timeout client too",
        ),
        Measured,
        &[],
    ),
    limit(
        "Heroku's router",
        at(55.0),
        Idle,
        "status 503 (H15)",
        ("", ""),
        Issue,
        &[("via", "vegur"), ("via", "heroku")],
    ),
    limit(
        "nginx",
        at(60.05),
        Idle,
        "the connection closes without a last chunk; with buffering the head comes then, and what was buffered is lost",
        ("proxy_read_timeout 3600s;", "nginx location block"),
        Measured,
        &[("server", "nginx"), ("server", "openresty")],
    ),
    limit(
        "nghttpx",
        at(60.0),
        Idle,
        EOF,
        ("the backend read timeout", ""),
        Measured,
        &[("server", "nghttpx"), ("via", "nghttpx")],
    ),
    limit(
        "AWS Application Load Balancer",
        at(60.0),
        Idle,
        "cut",
        (
            "idle_timeout.timeout_seconds",
            "the attributes of the load balancer",
        ),
        Source,
        &[("server", "awselb")],
    ),
    limit(
        "Bunny CDN",
        at(60.0),
        FirstByte,
        "status 504",
        ("", ""),
        Source,
        &[("server", "bunnycdn")],
    ),
    limit(
        "Apache httpd with Timeout 60",
        at(60.07),
        Idle,
        EOF,
        ("ProxyTimeout 3600", "Apache configuration"),
        Measured,
        &[("server", "apache")],
    ),
    limit(
        "Varnish in pipe mode",
        at(60.1),
        Idle,
        EOF,
        ("pipe_timeout", "the parameters of varnishd"),
        Measured,
        &[],
    ),
    limit(
        "Varnish",
        at(61.4),
        Idle,
        EOF,
        ("between_bytes_timeout", "the parameters of varnishd"),
        Measured,
        &[("x-varnish", "")],
    ),
    limit(
        "Cloudflare",
        (100.0, 125.0),
        Idle,
        "status 524",
        ("the zone's proxy_read_timeout", ""),
        Issue,
        &[("server", "cloudflare")],
    ),
    limit(
        "Envoy",
        at(300.0),
        Idle,
        EOF,
        (
            "stream_idle_timeout: 0s",
            "the HTTP connection manager of Envoy",
        ),
        Source,
        &[("server", "envoy"), ("x-envoy-upstream-service-time", "")],
    ),
];

const fn limit(
    component: &'static str,
    (from, to): (f64, f64),
    kind: Kind,
    looks: &'static str,
    (knob, place): (&'static str, &'static str),
    sure: Sure,
    marks: &'static [(&'static str, &'static str)],
) -> TimeLimit {
    TimeLimit {
        component,
        from,
        to,
        kind,
        looks,
        knob,
        place,
        sure,
        marks,
    }
}

const fn at(seconds: f64) -> (f64, f64) {
    (seconds, seconds)
}
