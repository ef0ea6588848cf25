//! IIS and ASP.NET.

use super::clues::{Clues, Shape};
use super::{ByDefault, Case, Entry, Sure, cure};
use crate::text::{bytes, ms};
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "iis.dynamic-compression",
        component: "IIS",
        versions: "with dynamic compression",
        by_default: ByDefault::No,
        shows: &[Sign::HoldCompressor, Sign::LagOne],
        what: "compresses without flushing after each event",
        betrays: "gzip, Server: Microsoft-IIS",
        cures: &[cure(
            "switch dynamic compression off for the stream",
            "<urlCompression doDynamicCompression=\"false\"/>",
            "web.config",
        )],
        sure: Sure::Issue,
        source: "aspnet/AspNetCoreModule#16, dotnet/websdk#184",
        test: dynamic_compression,
    },
    Entry {
        code: "iis.platform-handler",
        component: "IIS HttpPlatformHandler, ASP.NET Core Module",
        versions: "any",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedSize],
        what: "gathers 8,192 bytes of the application's response",
        betrays: "blocks of 8,192 bytes, Server: Microsoft-IIS",
        cures: &[cure(
            "host in-process by the ASP.NET Core Module, and do not buffer",
            "HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();",
            "the handler, before the first write",
        )],
        sure: Sure::Issue,
        source: "aspnet/IISIntegration#7, dotnet/aspnetcore#55654, dotnet/yarp#1040",
        test: platform_handler,
    },
    Entry {
        code: "aspnet.response-compression",
        component: "ASP.NET Core ResponseCompression",
        versions: "any; it flushes on FlushAsync",
        by_default: ByDefault::No,
        shows: &[Sign::HoldCompressor],
        what: "compresses without flushing after each event",
        betrays: "late with Accept-Encoding only, Server: Kestrel",
        cures: &[cure(
            "do not buffer the stream",
            "HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();",
            "the handler, before the first write",
        )],
        sure: Sure::Issue,
        source: "aspnet/BasicMiddleware#137",
        test: response_compression,
    },
];

fn is_iis(clues: &Clues) -> bool {
    clues.is_signed_by("microsoft-iis")
}

fn dynamic_compression(clues: &Clues) -> Option<Case> {
    if !is_iis(clues) {
        return None;
    }
    if let Shape::Behind(behind) = clues.shape {
        let seen = format!(
            "each event {} late: one behind, and compressed",
            ms(behind.wait)
        );
        return clues
            .is_coded()
            .then(|| Case::strong(seen).and_weak("Server: Microsoft-IIS"));
    }
    Some(clues.compressor()?.and_weak("Server: Microsoft-IIS"))
}

fn platform_handler(clues: &Clues) -> Option<Case> {
    let size = clues.size().filter(|_| is_iis(clues))?;
    let is_block = size.low <= 8_192.0 && size.high >= 8_192.0 - 64.0 && size.low > 4_096.0;
    is_block.then(|| {
        Case::strong(format!("blocks of {}", bytes(size.value))).and_weak("Server: Microsoft-IIS")
    })
}

fn response_compression(clues: &Clues) -> Option<Case> {
    let case = clues.compressor()?;
    clues
        .is_signed_by("kestrel")
        .then(|| case.and_weak("Server: Kestrel"))
}
