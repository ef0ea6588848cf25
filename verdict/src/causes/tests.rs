//! The catalogue as a whole: complete, unique, and free of what must never be said.

use super::*;

#[test]
fn codes_are_unique_and_every_entry_is_complete() {
    let mut codes: Vec<&str> = catalogue().map(|entry| entry.code).collect();
    let count = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), count, "a code stands twice");
    for entry in catalogue() {
        let lower = entry
            .code
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c));
        let code = entry.code;
        assert!(lower && code.contains('.'), "{code} is no code");
        let texts = [
            entry.component,
            entry.versions,
            entry.what,
            entry.betrays,
            entry.source,
        ];
        let cures = entry.cures.iter().map(|cure| cure.text);
        for text in texts.into_iter().chain(cures) {
            assert!(!text.is_empty(), "{code} has a gap");
            assert!(!text.ends_with('.'), "{code}: {text:?} is no full sentence");
        }
        assert!(!entry.shows.is_empty(), "{code} explains nothing");
        assert!(!entry.cures.is_empty(), "{code} has no cure");
        for cure in entry.cures {
            let is_line = cure.config.is_empty() == cure.place.is_empty();
            assert!(is_line, "{code}: a line and its place go together");
            // What prints them bounds every text, as it must those of a server.
            let is_short = [cure.text, cure.config, cure.place]
                .iter()
                .all(|text| text.chars().count() <= 200);
            assert!(is_short, "{code}: {:?} would be cut off", cure.text);
        }
    }
}

/// Every row of the knowledge about causes that was measured, read or reported; what is unchecked is not here.
#[test]
fn the_catalogue_has_every_row() {
    const ROWS: &str = "
        webrick.collects-body puma.cork puma.cork-inline-hijack thin.reactor thin.threaded-wakeup
        rainbows.eventmachine rainbows.coolio rainbows.model-broken rainbows.unframed-keepalive
        rack.hijack-unsupported rack.etag rack.content-length rack.deflater-nosync rack.deflater-call-body rack.lock
        client.http10 passenger.buffer-response
        django.sync-generator-asgi django.gzip django.gzip-members starlette.gzip gunicorn.sync
        express.compression proxy.adds-accept-encoding next.compression nest.sse-compression webpack.dev-proxy
        php.output-buffering tomcat.output-buffer spring.gateway-mvc jersey.gzip iis.dynamic-compression
        iis.platform-handler aspnet.response-compression go.no-flush go.reverseproxy fabio.flush
        tower-http.compression app.compressor-no-flush app.proxy-hold
        nginx.proxy-buffering nginx.unframed-upstream nginx.gzip nginx.ignore-headers nginx.fastcgi-buffering
        nginx.ingress kong.nginx apisix.nginx haproxy.msg-more haproxy.gzip-lag haproxy.wait-for-body
        apache.proxy-fcgi apache.fcgid apache.ratelimit apache.h2-blocks lighttpd.stream-response-body
        varnish.do-stream varnish.esi varnish.gzip caddy.encode traefik.compress traefik.buffering
        traefik.flush-interval
        aws.apigw-rest aws.apigw-http aws.lambda azure.appgw cloudflare.quick-tunnel cloudflare.workers-gzip
        cloudflare.edge scanner.content
        tcp.cork tcp.nagle browser.sniff client.library-buffer client.stalled rails.sse-helper-writes
        head.waits-first-write
        workers.exhausted cache.replay cache.lock timeout.idle timeout.total timeout.first-byte source.batches
        source.silent unknown.size unknown.time unknown.whole unknown.compressor";
    for row in ROWS.split_whitespace() {
        assert!(
            catalogue().any(|entry| entry.code == row),
            "{row} is missing"
        );
    }
    // Unchecked, so not to be said.
    for unchecked in [
        "php.zlib-output",
        "jetty.output-buffer",
        "tls.records",
        "h2.flow-control",
        "browser.six-connections",
    ] {
        assert!(
            catalogue().all(|entry| entry.code != unchecked),
            "{unchecked}"
        );
    }
}

/// What is found in the wild and does not work (causes 2.5): part of the code, and what must not stand in its cures.
#[test]
fn what_does_not_work_is_never_advised() {
    const USELESS: &[(&str, &str)] = &[
        ("nginx.gzip", "no-transform"),
        ("rack.etag", "no-cache"),
        ("", "Rack::ConditionalGet"),
        ("php.", "fastcgi_buffering"),
        ("php.", "flushpackets"),
        ("caddy.", "flush_interval"),
        ("", "header_up"),
        ("", "postpone_output"),
        ("", "proxy_buffers "),
        ("", "proxy_buffer_size"),
        ("puma.", "X-Accel-Buffering"),
        ("haproxy.", "X-Accel-Buffering"),
        ("lighttpd.", "X-Accel-Buffering"),
        ("varnish.", "X-Accel-Buffering"),
        ("express.", "X-Accel-Buffering"),
        ("django.", "X-Accel-Buffering"),
        ("rack.", "X-Accel-Buffering"),
        ("", "timeout tunnel"),
        ("", "http-buffer-request"),
        ("", "mod_deflate"),
        ("", "padding"),
    ];
    for entry in catalogue() {
        for (code, useless) in USELESS {
            let cures = entry.cures.iter();
            let mut texts = cures.flat_map(|cure| [cure.text, cure.config]);
            let is_said = entry.code.starts_with(code) && texts.any(|text| text.contains(useless));
            assert!(!is_said, "{} advises {useless}", entry.code);
        }
    }
    for limit in limits::LIMITS {
        assert!(!limit.knob.contains("tunnel"), "{}", limit.component);
    }
}

/// Nagle is never read off a gap, and nobody says that a load balancer of AWS buffers (causes 2.4.1, 2.4.11).
#[test]
fn what_nobody_has_shown_is_never_said() {
    for entry in catalogue() {
        let said = format!("{} {} {}", entry.what, entry.betrays, entry.component);
        assert!(!said.contains("Nagle"), "{}", entry.code);
        assert!(!said.contains("Load Balancer"), "{}", entry.code);
    }
}
