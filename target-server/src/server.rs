//! A server from start to stop: binds, starts its threads, and ends them in order.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::accept::listen::{Bound, Listener};
use crate::accept::log::RequestLog;
use crate::accept::tls::{self, TlsError};
use crate::accept::{self, Front, FrontCounters};
use crate::clock::{self, Nanos};
use crate::config::{Config, Listen};
use crate::frame::Author;
use crate::messages::ToPacer;
use crate::pacer::Pacer;
use crate::random;
use crate::skew::Shown;
use crate::truth::WorkerLog;
use crate::web::Web;
use crate::worker::Worker;
use crate::worker::stamps::KernelStamps;
use crate::worker::subscriber::Terms;

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    author: Author,
    addresses: Vec<Listen>,
    control: Option<SocketAddr>,
    stopper: Stopper,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

/// Stops a server from anywhere; clones stop the same one.
#[derive(Clone, Debug)]
pub struct Stopper {
    front: Arc<watch::Sender<bool>>,
    pacer: mpsc::Sender<ToPacer>,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}{}", advice(.source))]
    Bind {
        /// The address asked for.
        address: Listen,
        /// What the system says.
        source: io::Error,
    },
    /// There is nothing to listen on.
    #[error("no address to listen on")]
    NoAddress,
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The request log cannot be written.
    #[error("cannot append to the log {}: {source}", .path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The kernel does not stamp what is sent.
    #[error("--kernel-stamps: the kernel does not offer them, Linux 6.2 or later does: {0}")]
    KernelStamps(io::Error),
    /// The system has no threads or descriptors left.
    #[error("cannot start a thread: {0}")]
    System(#[from] io::Error),
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; stop what listens there, take another port, or give --reuse-port to all who share it"
        }
        io::ErrorKind::PermissionDenied => "; ports below 1024 need privileges",
        io::ErrorKind::AddrNotAvailable => "; this machine has no such address",
        _ => "",
    }
}

/// Closed subscribers whose counters are kept, over all threads.
const CLOSED_SUBSCRIBERS: usize = 100_000;
/// Threads that accept, read heads, shake hands and answer what is no stream.
const FRONT_THREADS: usize = 2;
/// How long requests that are no streams may take to end at a stop.
const FRONT_PATIENCE: Duration = Duration::from_millis(500);

impl Server {
    /// Binds and starts; when it returns, clients can connect.
    ///
    /// Errors: see `StartError`; nothing is left running then.
    pub fn start(config: Config) -> Result<Self, StartError> {
        if config.kernel_stamps {
            KernelStamps::try_out().map_err(StartError::KernelStamps)?;
        }
        let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
        let log = config.log.as_deref().map(open_log).transpose()?;
        let bound = config
            .listen
            .iter()
            .map(|listen| bind(listen, config.reuse_port))
            .collect::<Result<Vec<_>, _>>()?;
        let control = config
            .control
            .map(|address| bind(&Listen::Tcp(address), false))
            .transpose()?;
        let addresses = bound
            .iter()
            .map(Bound::local_address)
            .collect::<io::Result<Vec<_>>>()?;
        if addresses.is_empty() {
            return Err(StartError::NoAddress);
        }
        let control_address = match control.as_ref().map(Bound::local_address).transpose()? {
            Some(Listen::Tcp(address)) => Some(address),
            Some(Listen::Unix(_)) | None => None,
        };

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(FRONT_THREADS)
            .thread_name("front")
            .enable_all()
            .build()?;
        let doors = Doors::open(&runtime, bound, control, tls)?;

        let author = Author {
            instance: random::fresh_instance(),
            clock: Shown::new(config.skew, clock::now()),
        };
        let (pacer, queue) = mpsc::channel();
        let mut threads = start_writers(&config, author, &pacer, queue)?;

        let counters = Arc::new(FrontCounters::default());
        let web = Web {
            author,
            pacer: pacer.clone(),
            front: counters.clone(),
            ready_word: config.ready_word.clone(),
        };
        let control_web = web.clone().control_routes();
        let front = Front {
            pacer: pacer.clone(),
            author,
            web: web.routes(),
            log,
            allow_misbehave: config.allow_misbehave,
            counters,
        };
        let (stop, stopped) = watch::channel(false);
        threads.push(spawn("front-main", move || {
            runtime.block_on(doors.serve(front, control_web, stopped));
            runtime.shutdown_timeout(FRONT_PATIENCE);
            Ok(())
        })?);
        let stopper = Stopper {
            front: Arc::new(stop),
            pacer,
        };
        Ok(Self {
            author,
            addresses,
            control: control_address,
            stopper,
            threads,
        })
    }

    /// The number of this server in every event.
    pub fn instance(&self) -> u32 {
        self.author.instance
    }

    /// What the clock that it shows says when the machine's says `nanos`, both since 1970: different with a `Skew`.
    pub fn shown(&self, nanos: u64) -> u64 {
        self.author.clock.at(Nanos(nanos)).0
    }

    /// Where it listens, real ports filled in, in the order of the configuration.
    pub fn addresses(&self) -> &[Listen] {
        &self.addresses
    }

    /// The first TCP address it listens on; absent if it has only Unix sockets.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.addresses.iter().find_map(|listen| match listen {
            Listen::Tcp(address) => Some(*address),
            Listen::Unix(_) => None,
        })
    }

    /// Where it is controlled, the real port filled in.
    pub fn control_addr(&self) -> Option<SocketAddr> {
        self.control
    }

    /// A way to stop it while another thread waits in `join`.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Ends all streams properly and waits until they have ended, at most two seconds.
    ///
    /// Errors: a thread had failed before.
    pub fn shutdown(self) -> io::Result<()> {
        self.stopper.stop();
        self.join()
    }

    /// Waits until the server was stopped.
    ///
    /// Errors: a thread has failed.
    pub fn join(mut self) -> io::Result<()> {
        let mut outcome = Ok(());
        for thread in std::mem::take(&mut self.threads) {
            let ended = thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a thread has panicked")));
            outcome = outcome.and(ended);
        }
        outcome
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopper.stop();
        for thread in self.threads.drain(..) {
            // Whoever wants to know how it went calls `shutdown`.
            let _ = thread.join();
        }
    }
}

impl Stopper {
    /// Begins to stop: no new connections, streams end properly. Stopping twice is no error.
    pub fn stop(&self) {
        self.front.send_replace(true);
        // A pacer that is gone has been stopped already.
        self.pacer.send(ToPacer::Shutdown).unwrap_or_default();
    }
}

/// All listening sockets, part of the runtime.
struct Doors {
    main: Vec<Listener>,
    control: Option<tokio::net::TcpListener>,
    tls: Option<TlsAcceptor>,
}

impl Doors {
    fn open(
        runtime: &Runtime,
        bound: Vec<Bound>,
        control: Option<Bound>,
        tls: Option<TlsAcceptor>,
    ) -> io::Result<Self> {
        let _inside = runtime.enter();
        let main = bound
            .into_iter()
            .map(Bound::into_listener)
            .collect::<io::Result<Vec<_>>>()?;
        let control = match control.map(Bound::into_listener).transpose()? {
            Some(Listener::Tcp(listener)) => Some(listener),
            Some(Listener::Unix { .. }) | None => None,
        };
        Ok(Self { main, control, tls })
    }

    /// Serves until it is told to stop; what is under way then goes on for as long as the runtime lives.
    async fn serve(
        self,
        front: Front,
        control_web: axum::Router,
        mut stopped: watch::Receiver<bool>,
    ) {
        let front = Arc::new(front);
        let mut tasks = tokio::task::JoinSet::new();
        for listener in self.main {
            tasks.spawn(accept::serve(front.clone(), listener, self.tls.clone()));
        }
        if let Some(listener) = self.control {
            tasks.spawn(async move {
                // It ends with an error only when its socket is lost, and then there is nobody to tell.
                axum::serve(listener, control_web).await.unwrap_or_default();
            });
        }
        // A sender that is gone means the same as its word.
        let _ = stopped.wait_for(|&stop| stop).await;
    }
}

/// Starts the threads that write streams, and the one that paces them.
fn start_writers(
    config: &Config,
    author: Author,
    pacer: &mpsc::Sender<ToPacer>,
    queue: mpsc::Receiver<ToPacer>,
) -> io::Result<Vec<JoinHandle<io::Result<()>>>> {
    let count = config.threads.max(1);
    let terms = Terms {
        cost: config.cost_per_subscriber,
        anonymous: config.anonymous,
        instance: author.instance,
        max_backlog: config.max_backlog,
        kernel_stamps: config.kernel_stamps,
    };
    let mut threads = Vec::new();
    let mut workers = Vec::new();
    for index in 0..count {
        let log = WorkerLog::new(
            config.truth_events.div_ceil(count),
            CLOSED_SUBSCRIBERS.div_ceil(count),
        );
        let (worker, queue) = Worker::new(index, terms, log, pacer.clone())?;
        workers.push(queue);
        threads.push(spawn(&format!("stream-{index}"), move || worker.run())?);
    }
    let owner = Pacer::new(author, queue, workers, config.truth_events);
    threads.push(spawn("pacer", move || {
        owner.run();
        Ok(())
    })?);
    Ok(threads)
}

fn bind(listen: &Listen, reuse_port: bool) -> Result<Bound, StartError> {
    Bound::bind(listen, reuse_port).map_err(|source| StartError::Bind {
        address: listen.clone(),
        source,
    })
}

fn open_log(path: &std::path::Path) -> Result<RequestLog, StartError> {
    RequestLog::open(path).map_err(|source| StartError::Log {
        path: path.to_owned(),
        source,
    })
}

fn spawn(
    name: &str,
    run: impl FnOnce() -> io::Result<()> + Send + 'static,
) -> io::Result<JoinHandle<io::Result<()>>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run)
}
