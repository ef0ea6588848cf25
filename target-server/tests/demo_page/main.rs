//! The demo page in a real browser: prices arrive live, and what the form publishes comes back to every page.

mod browser;

use browser::Browser;
use target_server::{Config, Listen, Server};

#[test]
#[ignore = "needs chromium and chromedriver: ./scripts/test installs them"]
fn prices_arrive_live_and_the_form_publishes() {
    let listen = vec![Listen::Tcp(([127, 0, 0, 1], 0).into())];
    let server = Server::start(Config {
        listen,
        ..Config::default()
    })
    .expect("a free port");
    let Some(Listen::Tcp(address)) = server.addresses().first().cloned() else {
        panic!("one TCP address was asked for");
    };

    let browser = Browser::start();
    browser.open(&format!("http://{address}/"));
    let has_number = |text: &str| text.contains(|letter: char| letter.is_ascii_digit());
    let first = browser.wait_for("#prices", has_number);
    browser.wait_for("#prices", |text| text != first && has_number(text));
    assert_eq!(browser.text("#status"), "connected");

    let word = "<b>h\u{e9}llo</b> & goodbye";
    assert!(!browser.text("#messages").contains(word));
    browser.type_into("#publish-form input", word);
    browser.click("#publish-form button");
    browser.wait_for("#messages", |text| text.contains(word));

    let other = Browser::start();
    other.open(&format!("http://{address}/"));
    other.wait_for("#prices", has_number);
    other.type_into("#publish-form input", "to everyone");
    other.click("#publish-form button");
    browser.wait_for("#messages", |text| text.contains("to everyone"));

    drop((browser, other));
    server.shutdown().expect("no thread failed");
}
