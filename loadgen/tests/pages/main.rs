//! Reports in a real browser: what loadgen writes of real streams opens without a network, a complaint or a sideways
//! scroll, speaks to those who do not see it, and runs nothing that a server said.

#[expect(
    dead_code,
    reason = "the demo page types and clicks, these pages do not"
)]
#[path = "../../../target-server/tests/demo_page/browser.rs"]
mod browser;
mod hostile;
mod page;
mod reports;

use page::Page;

#[test]
#[ignore = "needs chromium and chromedriver: ./scripts/test installs them"]
fn reports_open_without_a_network_or_a_complaint() {
    let files = reports::of_real_streams();
    let page = Page::start();
    for (name, path) in files.paths() {
        page.open(&path);
        assert_eq!(page.complaints(), Vec::<String>::new(), "{name}");
        assert_eq!(page.fetched(), Vec::<String>::new(), "{name}");
        let answer = page.text("#outcome");
        let expected = reports::answer_to(name);
        assert!(
            answer.contains(expected),
            "{name}: {answer:?}, not {expected}"
        );
    }
}

#[test]
#[ignore = "needs chromium and chromedriver: ./scripts/test installs them"]
fn reports_fit_a_narrow_screen_in_light_and_in_dark() {
    let files = reports::of_real_streams();
    let page = Page::start();
    for (name, path) in files.paths() {
        for width in [320, 768, 1280] {
            page.resize(width);
            page.open(&path);
            let (needed, has) = page.width();
            assert!(needed <= has, "{name}: {needed} px on a screen of {has}");
        }
        let light = page.ground();
        page.prefer("dark");
        let dark = page.ground();
        page.prefer("light");
        assert!(
            light > 700 && dark < 150,
            "{name}: {light} light, {dark} dark"
        );
    }
}

#[test]
#[ignore = "needs chromium and chromedriver: ./scripts/test installs them"]
fn arrow_keys_read_the_events_out() {
    let files = reports::of_real_streams();
    let page = Page::start();
    page.open(&files.path("buffered"));
    let (right, left, home, end) = ('\u{e014}', '\u{e012}', '\u{e011}', '\u{e010}');
    let (down, up, escape) = ('\u{e00f}', '\u{e00e}', '\u{e00c}');
    for (keys, said) in [
        (vec![right], "event 1,"),
        (vec![right], "event 2,"),
        (vec![left], "event 1,"),
        (vec![down], "event 11,"),
        (vec![up, right, right], "event 3,"),
        (vec![end], "event 30,"),
        (vec![home], "event 1,"),
        (vec![left], "event 1,"),
    ] {
        page.press("#drip-0 .plot", &keys);
        let heard = page.text("#drip-0 output");
        assert!(heard.starts_with(said), "{keys:?}: {heard:?}, not {said:?}");
        for part in ["sent ", "received ", "on the way "] {
            assert!(heard.contains(part), "{heard}");
        }
    }
    page.press("#drip-0 .plot", &[escape]);
    assert_eq!(page.text("#drip-0 output"), "");
    for (picture, said) in [
        ("#percentiles-curves", "percentile p0, "),
        ("#drip-0", "event 1,"),
    ] {
        page.press(&format!("{picture} .plot"), &[home]);
        let heard = page.text(&format!("{picture} output"));
        assert!(heard.starts_with(said), "{heard}");
    }
    page.open(&files.path("measured"));
    for picture in [
        "#drip-0",
        "#percentiles-curves",
        "#heat-map",
        "#open-states",
        "#fanout-band",
    ] {
        page.press(&format!("{picture} .plot"), &[end]);
        assert!(
            page.text(&format!("{picture} output")).contains(','),
            "{picture}"
        );
    }
}

#[test]
#[ignore = "needs chromium and chromedriver: ./scripts/test installs them"]
fn connections_are_chosen_by_key_and_all_are_there_without_a_script() {
    let files = reports::of_real_streams();
    let page = Page::start();
    let path = files.path("measured");
    page.open(&path);
    let shown =
        || page.count("#drip-0:not([hidden]), #drip-1:not([hidden]), #drip-2:not([hidden])");
    assert_eq!(shown(), 1);
    page.press("#drip-0 .plot", &['2']);
    assert_eq!(page.count("#drip-1:not([hidden])"), 1);
    assert_eq!(shown(), 1);
    page.without_scripts();
    page.open(&path);
    assert_eq!(shown(), 3);
    assert_eq!(page.count("button:not([hidden]):not(.switch[hidden] *)"), 0);
    assert!(page.count("figure table tbody tr") > 100);
}

#[test]
#[ignore = "needs chromium and chromedriver: ./scripts/test installs them"]
fn downloads_hold_what_the_page_was_made_from() {
    let files = reports::of_real_streams();
    let page = Page::start();
    page.open(&files.path("buffered"));
    let names = page.texts(".downloads a");
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(
        names.iter().any(|name| name.ends_with(".hgrm")),
        "{names:?}"
    );
    assert_eq!(names.last().map(String::as_str), Some("events.csv"));
}

#[test]
#[ignore = "needs chromium and chromedriver: ./scripts/test installs them"]
fn what_a_server_says_runs_nothing() {
    let files = reports::of_real_streams();
    let page = Page::start();
    for (name, hostile) in hostile::reports(files) {
        page.open(&hostile);
        assert_eq!(page.complaints(), Vec::<String>::new(), "{name}");
        assert_eq!(page.fetched(), Vec::<String>::new(), "{name}");
        assert_eq!(page.count("script"), 1, "{name}: our own");
        assert_eq!(page.count("style"), 1, "{name}: our own");
        let strangers =
            "img, iframe, object, embed, link, form, base, b, math, [onerror], [onload], [style]";
        assert_eq!(page.count(strangers), 0, "{name}");
        assert!(page.title().starts_with("streamgauge: "), "{name}");
        assert!(page.is_untouched(), "{name}");
        page.resize(320);
        let (needed, has) = page.width();
        assert!(needed <= has, "{name}: {needed} px on a screen of {has}");
    }
}

/// The second wall: markup that no escaper has seen neither runs nor fetches, and these tests would see it.
#[test]
#[ignore = "needs chromium and chromedriver: ./scripts/test installs them"]
fn what_slips_past_the_escaper_is_stopped_by_the_policy() {
    let files = reports::of_real_streams();
    let sound = std::fs::read_to_string(files.path("live")).unwrap();
    let page = Page::start();
    for (number, stranger) in [
        "<script>window.pwned=1</script>",
        "<img src=http://127.0.0.1:9/x.png onerror=window.pwned=1>",
        "<link rel=stylesheet href=http://127.0.0.1:9/x.css>",
        "<p style='width:3000px'>wide</p>",
    ]
    .into_iter()
    .enumerate()
    {
        let path = files.directory().join(format!("spoilt-{number}.html"));
        let spoilt = sound.replace("</main>", &format!("{stranger}</main>"));
        assert_ne!(spoilt, sound);
        std::fs::write(&path, spoilt).unwrap();
        page.open(&path);
        let complaints = page.complaints();
        let named = |complaint: &String| complaint.contains("Content Security Policy");
        assert!(complaints.iter().any(named), "{stranger}: {complaints:?}");
        assert!(page.is_untouched(), "{stranger}");
        // The log has also what the policy stopped: a page that wanted something would be seen.
        let wants = stranger.contains("http://");
        assert_eq!(!page.fetched().is_empty(), wants, "{stranger}");
    }
}
