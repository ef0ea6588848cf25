//! Pasted curl commands, as browsers and documentation have them.

use proptest::prelude::*;

use super::super::*;
use super::check::{header, parse, try_draft};
use super::environment;
use crate::plan::{CheckDraft, Offer, Version};

/// The words of a command as a shell would split it; only single quotes are known here.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None, false);
    for c in command.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_with(String::new);
            }
            ' ' | '\n' | '\\' if !quoted => words.extend(word.take()),
            _ => word.get_or_insert_with(String::new).push(c),
        }
    }
    words.extend(word);
    words
}

fn try_pasted(command: &str) -> Result<CheckDraft, UsageError> {
    let words = words(command);
    try_draft(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn pasted(command: &str) -> CheckDraft {
    try_pasted(command).unwrap()
}

#[test]
fn chrome_copies_a_request() {
    let draft = pasted(
        r#"curl 'https://app.example/stream?q=1' \
  -H 'accept: text/event-stream' \
  -H 'accept-language: en-US,en;q=0.9' \
  -H 'content-type: application/json' \
  -H 'content-length: 15' \
  -H 'x-empty;' \
  -b 'session=abc; theme=dark' \
  -H 'referer: https://app.example/' \
  -H 'sec-ch-ua: "Chromium";v="141", "Not?A_Brand";v="8"' \
  -H 'user-agent: Mozilla/5.0 (X11; Linux x86_64)' \
  --data-raw '{"stream":true}' --compressed --insecure"#,
    );
    let plan = draft.asked();
    assert_eq!(plan.url.as_str(), "https://app.example/stream?q=1");
    assert_eq!(plan.request.method, "POST");
    assert_eq!(plan.request.body, br#"{"stream":true}"#);
    for (name, value) in [
        ("Accept", "text/event-stream"),
        ("Content-Type", "application/json"),
        ("X-Empty", ""),
        ("Cookie", "session=abc; theme=dark"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"),
        ("sec-ch-ua", r#""Chromium";v="141", "Not?A_Brand";v="8""#),
    ] {
        assert_eq!(header(plan, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(header(plan, "Content-Length"), None);
    assert_eq!(plan.own_encoding, None);
    assert!(plan.target.tls.is_some());
}

#[test]
fn firefox_names_the_codings_itself() {
    let draft = pasted(
        "curl 'http://app.example/stream' --compressed -H 'User-Agent: Mozilla/5.0 Firefox/143.0' \
         -H 'Accept: text/event-stream' -H 'Accept-Encoding: gzip, deflate, br, zstd' \
         -H 'Connection: keep-alive' -H 'TE: trailers'",
    );
    let plan = draft.asked();
    assert_eq!(
        plan.own_encoding.as_deref(),
        Some("gzip, deflate, br, zstd")
    );
    assert_eq!(header(plan, "Accept-Encoding"), None);
    assert_eq!(plan.request.method, "GET");
}

#[test]
fn safari_says_the_method_after_the_url() {
    let draft = pasted("curl 'http://app.example/' -X 'GET' -H 'Accept: */*' -H 'Priority: u=3'");
    assert_eq!(draft.asked().request.method, "GET");
}

#[test]
fn documentation_is_terse() {
    let draft =
        pasted("curl -sSNLvXPUT --url localhost:3000/s -ume:pw -o /dev/null -m5 -e http://a/");
    let plan = draft.asked();
    assert_eq!(plan.url.as_str(), "http://localhost:3000/s");
    assert_eq!(plan.request.method, "PUT");
    assert_eq!(
        header(plan, "Authorization").as_deref(),
        Some("Basic bWU6cHc=")
    );
    assert_eq!(header(plan, "Referer").as_deref(), Some("http://a/"));
    let last_wins = pasted("curl -X POST -X DELETE http://localhost/");
    assert_eq!(last_wins.asked().request.method, "DELETE");
    let body = pasted("curl localhost --data-ascii a=1 -d b=2");
    assert_eq!(body.asked().request.body, b"a=1&b=2");
}

#[test]
fn a_binary_body_keeps_its_line_breaks() {
    let file = super::file("a\r\nb\n");
    let draft = pasted(&format!(
        "curl localhost --data-binary @{}",
        file.path().display()
    ));
    assert_eq!(draft.asked().request.body, b"a\r\nb\n");
}

#[test]
fn options_of_the_check_stand_before_the_word_curl_and_its_server_at_the_end() {
    let draft = pasted("--json --for 3s curl http://localhost/ -H 'A: b' -- puma -p 3000");
    assert!(draft.asked().output.json && draft.asked().watch_given);
    assert_eq!(draft.server(), ["puma", "-p", "3000"]);
    assert_eq!(header(draft.asked(), "A").as_deref(), Some("b"));
}

#[test]
fn http_3_is_noted_and_not_spoken_and_http_2_is_offered_as_curl_offers_it() {
    assert!(pasted("curl http://localhost/ --http3").wants_http3());
    for (option, offer) in [
        ("--http2", Offer::Newest),
        ("--http1.1", Offer::Only(Version::Http11)),
        ("--http1.0", Offer::Only(Version::Http10)),
    ] {
        let draft = pasted(&format!("curl http://localhost/ {option}"));
        assert!(!draft.wants_http3());
        assert_eq!(draft.asked().http, offer);
    }
}

#[test]
fn what_would_change_the_request_is_refused_with_the_remedy() {
    let usage = |command: &str| {
        let error = try_pasted(command).unwrap_err();
        assert_eq!(error.exit().code(), 2);
        error.to_string()
    };
    let messages = [
        usage("curl"),
        usage("curl http://a/ http://b/"),
        usage("http://a/ curl http://b/"),
        usage("-k curl http://a/"),
        usage("curl http://a/ -F file=@x"),
        usage("curl -T - http://a/"),
        usage("curl http://a/ -G -d a=b"),
        usage("curl http://a/ --json '{}'"),
        usage("curl http://a/ -x http://proxy:3128"),
        usage("curl http://a/ -b cookies.txt"),
    ]
    .join("\n");
    insta::assert_snapshot!(messages);
}

#[test]
fn an_unknown_option_is_named() {
    let error = parse(&["curl", "http://a/", "--for", "3s"]).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    insta::assert_snapshot!(error.to_string());
}

/// Words such as stand in pasted commands, and any others.
fn word() -> impl Strategy<Value = String> {
    let known = [
        "curl",
        "-H",
        "-X",
        "-b",
        "-d",
        "-F",
        "--data-raw",
        "--url",
        "--compressed",
        "-k",
        "-o",
        "--",
        "-",
        "http://a/",
        "@",
        "a: b",
        "Content-Length: 1",
        "a=b",
        "--json",
        "--for",
        "-sS",
        "--http2",
        "-u",
    ];
    prop_oneof![
        proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        ".*",
        "-{1,2}[a-zA-Z0-9]{1,4}",
    ]
}

proptest! {
    #[test]
    fn no_words_make_it_panic(before in proptest::collection::vec(word(), 0..3), after in proptest::collection::vec(word(), 0..8)) {
        let fixed = |word: &str| vec![word.to_owned()];
        let line = [fixed("loadgen"), fixed("check"), before, fixed("curl"), after].concat();
        // A lone dash as a file would read this test's standard input.
        prop_assume!(!line.iter().any(|word| word.ends_with("@-")));
        if let Ok(Cli { command: Command::Check(args), .. }) = Cli::try_parse_from(line) {
            let _ = args.draft(&environment);
        }
    }
}
