//! Before the first byte of a check: its server is started if it is to be, and its addresses are looked up.
//! It must not send a request, and connects only to a server that is waited for.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use run_record::time::Mono;

use super::reach::{self, Reached};
use super::server::{self, ServerError};
use super::{Note, PreflightError, descriptors, output, politeness};
use crate::child::Child;
use crate::plan::{CheckDraft, CheckPlan, Endpoint};

/// A check that can work, as far as can be told beforehand.
#[derive(Debug)]
pub struct AdmittedCheck {
    /// With the addresses of the target.
    pub plan: CheckPlan,
    /// What a person should know before it starts; may be empty.
    pub notes: Vec<Note>,
    /// The server that was started for it; dropping this stops it.
    pub server: Option<Child>,
}

/// Starts the server if the check has one of its own, and looks the target up.
///
/// Without `--wait` and without a server of its own nothing is connected to: the first probe finds out who answers.
/// `now` is the monotonic clock; it bounds the wait. `interrupt` ends it early once it is set.
pub fn admit_check(
    draft: CheckDraft,
    interrupt: &AtomicBool,
    now: &mut dyn FnMut() -> Mono,
) -> Result<AdmittedCheck, PreflightError> {
    let asked = draft.asked();
    if let Some(path) = &asked.output.record {
        output::check("--out", path)?;
    }
    let mut server = start(&draft)?;
    // After the start: a server may do worse with more descriptors than it would have by itself.
    if let Some(streams) = asked.streams {
        descriptors::secure("--streams", streams.into(), 1)?;
    }
    let reached = if draft.wait().is_zero() {
        untried(&draft)?
    } else {
        wait_for(&draft, server.as_mut(), interrupt, now)?
    };
    Ok(admitted(draft, reached, server))
}

/// The same with the addresses of the target and nothing else done: no server started, nothing connected to.
pub fn foresee_check(draft: CheckDraft) -> Result<AdmittedCheck, PreflightError> {
    let reached = untried(&draft)?;
    Ok(admitted(draft, reached, None))
}

fn admitted(draft: CheckDraft, reached: Reached, server: Option<Child>) -> AdmittedCheck {
    let no_http3 = draft.wants_http3().then_some(Note::NoHttp3);
    let dropped = reached.refused.into_iter().map(Note::Dropped);
    AdmittedCheck {
        notes: no_http3.into_iter().chain(dropped).collect(),
        plan: draft.complete(reached.endpoints),
        server,
    }
}

fn untried(draft: &CheckDraft) -> Result<Reached, PreflightError> {
    let endpoints = reach::look_up(draft.route())?;
    permit(draft, &endpoints).map_err(reach::ReachError::from)?;
    Ok(Reached {
        endpoints,
        refused: Vec::new(),
    })
}

fn start(draft: &CheckDraft) -> Result<Option<Child>, PreflightError> {
    let [program, arguments @ ..] = draft.server() else {
        return Ok(None);
    };
    // Whoever is there already would be judged in place of the server that cannot have its port.
    if let Ok(taken) = reach::attempt(draft.route(), &|endpoints| permit(draft, endpoints)) {
        return Err(ServerError::Taken(taken.endpoints).into());
    }
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(Some(server::start(command)?))
}

fn wait_for(
    draft: &CheckDraft,
    mut server: Option<&mut Child>,
    interrupt: &AtomicBool,
    now: &mut dyn FnMut() -> Mono,
) -> Result<Reached, PreflightError> {
    let mut give_up = || {
        let exited = server
            .as_mut()
            .is_some_and(|server| server.exited().is_some());
        exited || interrupt.load(Ordering::Relaxed)
    };
    let permit = |endpoints: &[Endpoint]| permit(draft, endpoints);
    let outcome = reach::reach(draft.route(), &permit, draft.wait(), &mut give_up, now);
    if interrupt.load(Ordering::Relaxed) {
        return Err(PreflightError::Interrupted);
    }
    match server {
        Some(server) => Ok(server::answered(server, draft.wait(), outcome)?),
        None => Ok(outcome?),
    }
}

fn permit(draft: &CheckDraft, endpoints: &[Endpoint]) -> Result<(), politeness::Impolite> {
    politeness::check_streams(draft.asked().streams, endpoints)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::super::tests::{check_plan, tcp};
    use super::*;
    use crate::exit::Exit;
    use crate::plan::Route;

    const MINUTE: Duration = Duration::from_secs(60);

    fn draft(endpoint: &Endpoint, wait: Duration, script: &str) -> CheckDraft {
        let command = ["sh", "-c", script].map(Into::into);
        let server = if script.is_empty() {
            vec![]
        } else {
            command.to_vec()
        };
        let route = Route::Known(vec![endpoint.clone()]);
        CheckDraft::new(check_plan(), route, wait, server)
    }

    fn admitted(draft: CheckDraft) -> Result<AdmittedCheck, PreflightError> {
        admit_check(draft, &AtomicBool::new(false), &mut || Mono(0))
    }

    /// Nobody listens there: each test has an address of its own.
    fn closed(address: &str) -> Endpoint {
        let listener = TcpListener::bind((address, 0)).unwrap();
        Endpoint::Tcp(listener.local_addr().unwrap())
    }

    fn listening() -> (TcpListener, Endpoint) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = Endpoint::Tcp(listener.local_addr().unwrap());
        (listener, endpoint)
    }

    #[test]
    fn nobody_is_connected_to_before_the_first_probe() {
        let (listener, open) = listening();
        let admitted = admitted(draft(&open, Duration::ZERO, "")).unwrap();
        assert_eq!(admitted.plan.target.endpoints, std::slice::from_ref(&open));
        assert!(admitted.plan.is_loopback() && admitted.server.is_none());
        // Not even to one whose server would have to be started first.
        foresee_check(draft(&open, MINUTE, "exit 1")).unwrap();
        let error = listener.accept().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }

    #[test]
    fn all_addresses_of_a_name_are_kept() {
        let route = Route::Known(vec![tcp("[::1]:9"), tcp("127.0.0.1:9")]);
        let draft = CheckDraft::new(check_plan(), route, Duration::ZERO, Vec::new());
        let endpoints = admitted(draft).unwrap().plan.target.endpoints;
        assert_eq!(endpoints, [tcp("[::1]:9"), tcp("127.0.0.1:9")]);
    }

    #[test]
    fn who_asks_for_a_newer_http_is_told_before_and_in_the_plan() {
        let (_listener, open) = listening();
        for is_newer in [false, true] {
            let asked = || match is_newer {
                true => draft(&open, Duration::ZERO, "").without_http3(),
                false => draft(&open, Duration::ZERO, ""),
            };
            for checked in [admitted(asked()), foresee_check(asked())] {
                let notes = checked.unwrap().notes;
                let is_said = matches!(notes[..], [Note::NoHttp3]);
                assert_eq!(is_said, is_newer, "{notes:?}");
            }
        }
    }

    #[test]
    fn a_server_that_ends_says_its_last_words() {
        let script = "echo 'no Gemfile'; exit 7";
        let error = admitted(draft(&closed("127.77.2.1"), MINUTE, script)).unwrap_err();
        assert_eq!(error.exit(), Exit::NoStream);
        let expected = "the server ended before it answered (exit status: 7); \
                        it has to stay in the foreground; it printed:\n  no Gemfile";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_server_that_listens_elsewhere_is_waited_for_and_stopped() {
        let directory = tempfile::tempdir().unwrap();
        let (ready, stopped) = (
            directory.path().join("ready"),
            directory.path().join("stopped"),
        );
        let trap = format!("trap 'echo > {}; exit' TERM", stopped.display());
        // What is forked before the trap does not inherit it, and ends at once.
        let script = format!("sleep 1000 & {trap}; echo > {}; wait", ready.display());
        // The wait is over as soon as the server is up.
        let mut now = || Mono(if ready.exists() { u64::MAX } else { 0 });
        let draft = draft(&closed("127.77.2.2"), MINUTE, &script);
        let error = admit_check(draft, &AtomicBool::new(false), &mut now).unwrap_err();
        assert_eq!(error.exit(), Exit::NoStream);
        let text = error.to_string();
        let beginning = "the server was started, but within 60s nothing answers: 127.77.2.2";
        assert!(text.starts_with(beginning), "{text}");
        assert!(text.ends_with("it printed nothing"), "{text}");
        assert!(stopped.exists());
    }

    #[test]
    fn a_server_that_comes_up_is_handed_over_running() {
        let endpoint = closed("127.77.2.5");
        let Endpoint::Tcp(address) = endpoint else {
            panic!("not TCP")
        };
        let (mut readings, mut listener) = (0, None);
        let mut now = || {
            readings += 1;
            // The first reading sets the deadline, the second follows the first attempt that failed.
            if readings == 2 {
                listener = Some(TcpListener::bind(address).unwrap());
            }
            Mono(0)
        };
        let draft = draft(&endpoint, MINUTE, "exec sleep 1000");
        let admitted = admit_check(draft, &AtomicBool::new(false), &mut now).unwrap();
        assert_eq!(admitted.plan.target.endpoints, [endpoint]);
        assert_eq!(admitted.server.unwrap().exited(), None);
    }

    #[test]
    fn another_server_is_not_judged_in_its_place() {
        let (_listener, open) = listening();
        let error = admitted(draft(&open, MINUTE, "exit 1")).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        assert!(
            error
                .to_string()
                .starts_with(&format!("{open} answers already")),
            "{error}"
        );
    }

    #[test]
    fn a_command_that_is_none_is_named() {
        let route = Route::Known(vec![closed("127.77.2.3")]);
        let server = vec!["/no/such/server".into()];
        let error = admitted(CheckDraft::new(check_plan(), route, MINUTE, server)).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        assert!(
            error
                .to_string()
                .starts_with("cannot start `/no/such/server`: No such file"),
            "{error}"
        );
    }

    #[test]
    fn an_interrupt_ends_the_wait() {
        let draft = draft(&closed("127.77.2.4"), MINUTE, "");
        let error = admit_check(draft, &AtomicBool::new(true), &mut || Mono(0)).unwrap_err();
        assert_eq!(error.exit(), Exit::Interrupted);
    }
}
