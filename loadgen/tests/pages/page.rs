//! What is asked of a report in a browser. It must not know how reports are made.

use std::path::Path;

use serde_json::{Value, json};

use crate::browser::Browser;

/// A window that shows one report after the other.
pub(crate) struct Page {
    browser: Browser,
}

impl Page {
    pub(crate) fn start() -> Self {
        let page = Self {
            browser: Browser::start(),
        };
        page.resize(1280);
        page
    }

    /// Opens a file; what was logged before is forgotten.
    pub(crate) fn open(&self, path: &Path) {
        self.log("browser");
        self.log("performance");
        self.browser.open(&format!("file://{}", path.display()));
    }

    /// What the browser has to say about the page: errors, warnings, breaches of its policy.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.log("browser");
        log.iter()
            .map(|entry| entry["message"].to_string())
            .collect()
    }

    /// Everything that was asked for but the page itself.
    pub(crate) fn fetched(&self) -> Vec<String> {
        let urls = self.log("performance").into_iter().filter_map(|entry| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &message["message"];
            let is_request = message["method"] == "Network.requestWillBeSent";
            let url = message["params"]["request"]["url"].as_str()?;
            (is_request && !url.starts_with("file://")).then(|| url.to_owned())
        });
        urls.collect()
    }

    /// Gives the window a width in CSS pixels.
    pub(crate) fn resize(&self, width: u32) {
        let metrics =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Asks for a light or a dark page.
    pub(crate) fn prefer(&self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.command(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [feature] }),
        );
    }

    pub(crate) fn without_scripts(&self) {
        self.command(
            "Emulation.setScriptExecutionDisabled",
            &json!({ "value": true }),
        );
    }

    /// The width that the page needs, and the width that it has.
    pub(crate) fn width(&self) -> (u64, u64) {
        let root = "document.documentElement";
        let number = |name: &str| {
            self.value(&format!("{root}.{name}"))
                .as_u64()
                .expect("a number")
        };
        (number("scrollWidth"), number("clientWidth"))
    }

    /// Red, green and blue of the ground, added.
    pub(crate) fn ground(&self) -> u32 {
        let colour = self.value("getComputedStyle(document.body).backgroundColor");
        let digits = |character: char| !character.is_ascii_digit();
        let parts = colour.as_str().expect("a text").split(digits);
        parts.filter_map(|part| part.parse::<u32>().ok()).sum()
    }

    pub(crate) fn title(&self) -> String {
        self.value("document.title")
            .as_str()
            .expect("a text")
            .to_owned()
    }

    /// Whether no script of a stranger has left its sign.
    pub(crate) fn is_untouched(&self) -> bool {
        self.value("typeof window.pwned") == "undefined"
    }

    pub(crate) fn count(&self, selector: &str) -> u64 {
        let script = format!("document.querySelectorAll({}).length", json!(selector));
        self.value(&script).as_u64().expect("a number")
    }

    pub(crate) fn text(&self, selector: &str) -> String {
        self.browser.text(selector)
    }

    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let script = format!(
            "[...document.querySelectorAll({})].map((it) => it.innerText)",
            json!(selector)
        );
        serde_json::from_value(self.value(&script)).expect("texts")
    }

    /// Presses keys where an element has the focus.
    pub(crate) fn press(&self, selector: &str, keys: &[char]) {
        let keys: String = keys.iter().collect();
        self.browser.type_into(selector, &keys);
    }

    fn value(&self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true });
        let answer = self.command("Runtime.evaluate", &parameters);
        answer["result"]["value"].clone()
    }

    fn command(&self, name: &str, parameters: &Value) -> Value {
        let body = json!({ "cmd": name, "params": parameters });
        self.browser.post("/goog/cdp/execute", &body)
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        let log = self.browser.post("/se/log", &json!({ "type": kind }));
        log.as_array().cloned().unwrap_or_default()
    }
}
