//! A headless Chromium, driven through WebDriver (<https://www.w3.org/TR/webdriver2/>): the few commands that a page test needs.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use reqwest::blocking::Client;
use serde_json::{Value, json};

const POLL: Duration = Duration::from_millis(50);
/// A minute: Chromium on a busy machine takes its time.
const POLLS: u32 = 60_000 / 50;
/// The member of an answer that holds an element's id (WebDriver, 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One browser window; dropping it ends browser and driver.
pub(crate) struct Browser {
    driver: Child,
    client: Client,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts chromedriver on a port of its choice, and a browser with an empty profile.
    pub(crate) fn start() -> Self {
        let profile = tempfile::tempdir().expect("a directory for temporary files");
        let mut driver = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "--", "chromedriver", "--port=0"])
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("setpriv (util-linux) starts chromedriver");
        let port = port(&mut driver);
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client without TLS needs nothing");
        let root = format!("http://127.0.0.1:{port}/session");
        let mut browser = Self {
            driver,
            client,
            session: root,
            _profile: profile,
        };
        let opened = browser.post("", &capabilities(browser._profile.path()));
        let id = opened["sessionId"]
            .as_str()
            .expect("a new session has an id");
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    /// Opens an address and waits until the page is loaded.
    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// The visible text of the first element that matches.
    pub(crate) fn text(&self, selector: &str) -> String {
        let script = "return document.querySelector(arguments[0]).innerText";
        let text = self.post(
            "/execute/sync",
            &json!({ "script": script, "args": [selector] }),
        );
        text.as_str().expect("innerText is a string").to_owned()
    }

    /// Waits until the text of an element is as `wanted`, and returns it.
    pub(crate) fn wait_for(&self, selector: &str, wanted: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        for _ in 0..POLLS {
            text = self.text(selector);
            if wanted(&text) {
                return text;
            }
            thread::sleep(POLL);
        }
        panic!("{selector} stays like this: {text:?}");
    }

    /// Types into an element, key by key.
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let path = format!("/element/{}/value", self.element(selector));
        self.post(&path, &json!({ "text": text }));
    }

    /// Clicks on an element.
    pub(crate) fn click(&self, selector: &str) {
        let path = format!("/element/{}/click", self.element(selector));
        self.post(&path, &json!({}));
    }

    fn element(&self, selector: &str) -> String {
        let found = self.post(
            "/element",
            &json!({ "using": "css selector", "value": selector }),
        );
        found[ELEMENT]
            .as_str()
            .expect("an element has an id")
            .to_owned()
    }

    /// Sends one command of the session; its answer.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        let answer = self
            .client
            .post(&url)
            .json(body)
            .send()
            .expect("chromedriver answers");
        let status = answer.status();
        let mut answer: Value = answer.json().expect("chromedriver answers with JSON");
        assert!(status.is_success(), "{path}: {answer}");
        answer["value"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium leaves the group of its driver, so it is told to end first; errors mean that it is gone.
        let _ = self.client.delete(&self.session).send();
        let group = Pid::from_raw(self.driver.id().try_into().expect("a process id is an i32"));
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.driver.wait();
    }
}

/// The line before it names the port that was asked for, 0: "ChromeDriver was started successfully on port 12345."
fn port(driver: &mut Child) -> u16 {
    let stdout = BufReader::new(driver.stdout.take().expect("it was piped"));
    for line in stdout.lines() {
        let line = line.expect("chromedriver writes text");
        let port = line
            .rsplit_once("successfully on port ")
            .map(|(_, port)| port.trim_end_matches('.'));
        if let Some(port) = port.and_then(|port| port.parse().ok()) {
            return port;
        }
    }
    panic!("chromedriver ended without saying its port");
}

/// No sandbox, because CI runs as root in a container; nothing in the background, because tests must not call out.
fn capabilities(profile: &std::path::Path) -> Value {
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-sync",
        "--no-first-run",
        "--no-proxy-server",
    ];
    let profile = format!("--user-data-dir={}", profile.display());
    let arguments: Vec<&str> = arguments.into_iter().chain([profile.as_str()]).collect();
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": { "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    }}})
}
