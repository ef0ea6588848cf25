//! The clients that are compared: how each is started for the same load, and what it can report of a stream.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, bail};

/// What a client is asked to hold.
#[derive(Clone, Debug)]
pub struct Load {
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// Path and query.
    pub path: String,
    /// Connections.
    pub connections: u64,
    /// Time over which they are opened; zero is as fast as the client can. wrk and h2load know only that.
    pub ramp: Duration,
    /// Time for which they are held.
    pub hold: Duration,
}

/// One client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// The least work a client can do.
    Floor,
    /// loadgen.
    Loadgen,
    /// hyper, one task for each connection.
    Hyper,
    /// reqwest and eventsource-stream, one task for each connection.
    Reqwest,
    /// h2load, of nghttp2.
    H2load,
    /// wrk.
    Wrk,
    /// The npm package eventsource on Node.
    Eventsource,
    /// Locust, one process.
    Locust,
}

/// Where the programs lie that are not found by their name.
#[derive(Clone, Debug)]
pub struct Programs {
    built: PathBuf,
    peers: PathBuf,
    locust: PathBuf,
}

impl Contender {
    /// All of them, in the order of one round.
    pub const ALL: [Contender; 8] = [
        Contender::Floor,
        Contender::Loadgen,
        Contender::Hyper,
        Contender::Reqwest,
        Contender::H2load,
        Contender::Wrk,
        Contender::Eventsource,
        Contender::Locust,
    ];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Contender::Floor => "floor",
            Contender::Loadgen => "loadgen",
            Contender::Hyper => "hyper client",
            Contender::Reqwest => "reqwest + eventsource-stream",
            Contender::H2load => "h2load",
            Contender::Wrk => "wrk",
            Contender::Eventsource => "npm eventsource",
            Contender::Locust => "Locust",
        }
    }

    /// What it can know of a stream that does not end.
    pub fn can_report(self) -> &'static str {
        match self {
            Contender::Floor => "bytes",
            Contender::Loadgen => {
                "events, loss, duplicates, order; latency by kernel stamps; fan-out; reconnects; its own lateness"
            }
            Contender::Hyper => "chunks, which are no events",
            Contender::Reqwest | Contender::Eventsource => {
                "events, to whoever writes the program; no arrival times but its own"
            }
            Contender::H2load => "connects, first bytes, bytes; no events",
            Contender::Wrk => "bytes; no events",
            Contender::Locust => {
                "response heads, as requests; events and latency only by code of one's own"
            }
        }
    }

    /// What marks the line in which it sums up a run.
    pub fn mark(self) -> &'static str {
        match self {
            Contender::Floor => "\"reads\":",
            Contender::Loadgen => "connections · ",
            Contender::Hyper => "chunks",
            Contender::Reqwest | Contender::Eventsource => "events",
            Contender::H2load => "requests: ",
            Contender::Wrk => "requests in",
            Contender::Locust => "Aggregated",
        }
    }

    /// The command that holds `load` and then ends.
    pub fn command(self, programs: &Programs, load: &Load) -> Command {
        let Load {
            address,
            path,
            connections,
            ramp,
            hold,
        } = load;
        let url = format!("http://{address}{path}");
        let count = connections.to_string();
        let (ramp_s, hold_s) = (ramp.as_secs(), hold.as_secs());
        let spans = [
            &url,
            "-c",
            &count,
            "--ramp",
            &format!("{ramp_s}s"),
            "--for",
            &format!("{hold_s}s"),
        ];
        // Where a client has threads and does not choose as many as there are cores itself.
        let threads = "-t2";
        let mut command = match self {
            Contender::Floor => Command::new(programs.built("floor")),
            Contender::Loadgen => Command::new(programs.built("loadgen")),
            Contender::Hyper => Command::new(programs.built("hyper_client")),
            Contender::Reqwest => Command::new(programs.built("reqwest_client")),
            Contender::H2load => Command::new("h2load"),
            Contender::Wrk => Command::new("wrk"),
            Contender::Eventsource => Command::new("node"),
            Contender::Locust => Command::new(&programs.locust),
        };
        match self {
            Contender::Loadgen => command.arg("run").args(spans),
            Contender::Floor | Contender::Hyper | Contender::Reqwest => command.args(spans),
            Contender::H2load => command
                .args(["--h1", threads, "-c", &count, "-D", &hold_s.to_string()])
                .arg(&url),
            Contender::Wrk => command
                .args([threads, "-c", &count, "-d", &format!("{hold_s}s")])
                .args(["--timeout", &format!("{hold_s}s")])
                .arg(&url),
            Contender::Eventsource => command
                .arg(programs.peers.join("eventsource/client.mjs"))
                .args([&url, &count])
                .args([ramp_s.to_string(), hold_s.to_string()]),
            Contender::Locust => command
                .env("STREAM_PATH", path)
                .arg("-f")
                .arg(programs.peers.join("locust/locustfile.py"))
                .args(["--headless", "--only-summary", "--stop-timeout", "0"])
                .args(["-H", &format!("http://{address}"), "-u", &count])
                .args(["-r", &spawn_rate(*connections, ramp_s).to_string()])
                .args(["-t", &format!("{}s", ramp_s + hold_s)]),
        };
        command.stdin(Stdio::null());
        command
    }
}

/// Users a second; all at once is what Locust calls as many a second as there are.
fn spawn_rate(users: u64, ramp_s: u64) -> u64 {
    users.div_ceil(ramp_s.max(1))
}

impl Programs {
    /// `built` holds what cargo builds, `peers` the scripts of the others, `locust` is its program.
    ///
    /// Errors: one of them is missing.
    pub fn find(built: &Path, peers: &Path, locust: &Path) -> Result<Programs> {
        let programs = Programs {
            built: built.to_owned(),
            peers: peers.to_owned(),
            locust: locust.to_owned(),
        };
        let names = [
            "target-server",
            "floor",
            "loadgen",
            "hyper_client",
            "reqwest_client",
        ];
        let needed = names.map(|name| programs.built(name));
        let modules = peers.join("eventsource/node_modules");
        for path in needed.iter().chain([&modules, &programs.locust]) {
            if !path.exists() {
                bail!(
                    "{} is missing; benches/side-by-side installs and builds what is needed",
                    path.display()
                );
            }
        }
        Ok(programs)
    }

    /// One of our own programs.
    pub fn built(&self, name: &str) -> PathBuf {
        self.built.join(name)
    }
}
