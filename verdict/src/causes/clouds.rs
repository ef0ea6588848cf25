//! Clouds, tunnels and scanners: none of this was measured, so nothing of it is ever more than likely.

use run_record::verdict::Confidence::Low;

use super::clues::Clues;
use super::{ByDefault, Case, Entry, Sure, advice, cure, from_outside_nobody_can_tell};
use crate::vocabulary::Sign;

const ENDS: &[Sign] = &[
    Sign::EndContentLength,
    Sign::EndLateHead,
    Sign::EndEarlyHead,
];

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "aws.apigw-rest",
        component: "AWS API Gateway, REST API",
        versions: "without response streaming",
        by_default: ByDefault::Yes,
        shows: &[
            Sign::EndContentLength,
            Sign::EndLateHead,
            Sign::EndEarlyHead,
            Sign::CutTotal,
            Sign::CutFirstByte,
        ],
        what: "collects the whole response, for 29 s at most",
        betrays: "x-amz-apigw-id in the response",
        cures: &[cure(
            "stream the response of the proxy integration (15 min at most, 5 min of silence)",
            "responseTransferMode: STREAM",
            "the integration of the method",
        )],
        sure: Sure::Source,
        source: "docs.aws.amazon.com, response-transfer-mode",
        test: apigw_rest,
    },
    Entry {
        code: "aws.apigw-http",
        component: "AWS API Gateway, HTTP API",
        versions: "any",
        by_default: ByDefault::Yes,
        shows: ENDS,
        what: "collects the whole response; it has no streaming",
        betrays: "apigw-requestid in the response",
        cures: &[advice("use a function URL or an Application Load Balancer")],
        sure: Sure::Source,
        source: "docs.aws.amazon.com, response-transfer-mode",
        test: apigw_http,
    },
    Entry {
        code: "aws.lambda",
        component: "AWS Lambda",
        versions: "without response streaming",
        by_default: ByDefault::Yes,
        shows: ENDS,
        what: "collects the whole response of the function",
        betrays: "x-amzn-requestid in the response, and no gateway's id",
        cures: &[advice(
            "stream the response: behind API Gateway by its /response-streaming-invocations path",
        )],
        sure: Sure::Source,
        source: "docs.aws.amazon.com, response-transfer-mode",
        test: lambda,
    },
    Entry {
        code: "azure.appgw",
        component: "Azure Application Gateway",
        versions: "with its response buffer",
        by_default: ByDefault::Yes,
        shows: ENDS,
        what: "collects the response before it sends it",
        betrays: "Server: Microsoft-Azure-Application-Gateway",
        cures: &[advice(
            "disable the response buffer, and set the request timeout above the longest gap",
        )],
        sure: Sure::Source,
        source: "docs.azure.cn, use-server-sent-events",
        test: azure,
    },
    Entry {
        code: "cloudflare.quick-tunnel",
        component: "cloudflared quick tunnel",
        versions: "GET; live on POST",
        by_default: ByDefault::Yes,
        shows: ENDS,
        what: "collects the response of a GET",
        betrays: "GET only: POST is live",
        cures: &[advice("use a named tunnel")],
        sure: Sure::Issue,
        source: "cloudflare/cloudflared#1449, #1496, #199, #1095",
        test: cloudflare_whole,
    },
    Entry {
        code: "cloudflare.workers-gzip",
        component: "Cloudflare Workers",
        versions: "workerd until fixed",
        by_default: ByDefault::Yes,
        shows: &[Sign::HoldCompressor],
        what: "compresses event streams without flushing after each event",
        betrays: "late with Accept-Encoding only, Server: cloudflare",
        cures: &[cure(
            "ask for no compression",
            "Accept-Encoding: identity",
            "request header of the client",
        )],
        sure: Sure::Issue,
        source: "cloudflare/workerd#7390",
        test: cloudflare_gzip,
    },
    Entry {
        code: "cloudflare.edge",
        component: "Cloudflare",
        versions: "any plan; the limit depends on it",
        by_default: ByDefault::Yes,
        shows: &[Sign::CutIdle, Sign::CutFirstByte],
        what: "cuts a response after 100 to 125 s of silence",
        betrays: "status 524, or the close of a silent stream, Server: cloudflare",
        cures: &[advice(
            "send a comment line more often than every 100 s; Content-Type: text/event-stream, no-transform",
        )],
        sure: Sure::Issue,
        source: "mozilla-ai/otari#528, VectifyAI/OpenKB#212",
        test: cloudflare_edge,
    },
    Entry {
        code: "scanner.content",
        component: "a content scanner",
        versions: "Broadcom Cloud SWG, ESET and others",
        by_default: ByDefault::Yes,
        shows: ENDS,
        what: "collects the response to look into it",
        betrays: "only on networks or machines that scan, and not over TLS that they cannot open",
        cures: &[advice("exempt the host, or use TLS: no header helps")],
        sure: Sure::Issue,
        source: "knowledge.broadcom.com 406021; help.eset.com/egs/4",
        test: from_outside_nobody_can_tell,
    },
];

fn signed(clues: &Clues, header: &str) -> Option<Case> {
    clues
        .header(header)
        .map(|_| Case::weak(format!("{header} in the response")).at_most(Low))
}

fn apigw_rest(clues: &Clues) -> Option<Case> {
    signed(clues, "x-amz-apigw-id")
}

fn apigw_http(clues: &Clues) -> Option<Case> {
    signed(clues, "apigw-requestid")
}

fn lambda(clues: &Clues) -> Option<Case> {
    let is_gateway = ["x-amz-apigw-id", "apigw-requestid", "via"]
        .iter()
        .any(|name| clues.header(name).is_some());
    signed(clues, "x-amzn-requestid").filter(|_| !is_gateway)
}

fn azure(clues: &Clues) -> Option<Case> {
    clues
        .is_signed_by("microsoft-azure-application-gateway")
        .then(|| Case::weak("Server: Microsoft-Azure-Application-Gateway").at_most(Low))
}

fn is_cloudflare(clues: &Clues) -> bool {
    clues.is_signed_by("cloudflare")
}

fn cloudflare_whole(clues: &Clues) -> Option<Case> {
    let is_whole = clues.whole().is_some_and(|whole| !whole.has_length);
    (is_cloudflare(clues) && is_whole && !clues.is_coded())
        .then(|| Case::weak("Server: cloudflare, held to the end; POST may be live").at_most(Low))
}

fn cloudflare_gzip(clues: &Clues) -> Option<Case> {
    let case = clues.compressor()?;
    is_cloudflare(clues).then(|| case.and_weak("Server: cloudflare").at_most(Low))
}

fn cloudflare_edge(clues: &Clues) -> Option<Case> {
    let silence = clues.cut.map_or(clues.seconds, |cut| cut.silence / 1e3);
    (is_cloudflare(clues) && (98.0..=127.0).contains(&silence))
        .then(|| Case::weak(format!("Server: cloudflare, {silence:.0} s of silence")))
}
