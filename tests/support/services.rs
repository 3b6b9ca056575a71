//! The whole system as it is deployed: the real binaries as processes on the loopback, each
//! service with its own database, and the fake PSP.

use std::{collections::BTreeMap, path::Path, time::Duration};

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    Postgres, eventually,
    http::{Answer, Ask},
    port::free_port,
    process::{Process, Recipe},
    programs::program,
};

/// The secret between the services.
pub const TOKEN: &str = "token-of-the-tests";

/// How long a process may take until it is ready.
const START: Duration = Duration::from_secs(60);

/// How many replicas of each service there are. There is always one reconciler.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    pub payment: usize,
    pub executor: usize,
    pub wallet: usize,
    pub ledger: usize,
}

impl Layout {
    /// One of each.
    pub const SINGLE: Self = Self { payment: 1, executor: 1, wallet: 1, ledger: 1 };
    /// Two of each.
    pub const DOUBLE: Self = Self { payment: 2, executor: 2, wallet: 2, ledger: 2 };

    fn replicas(self) -> [(&'static str, usize); 5] {
        [
            ("payment", self.payment),
            ("executor", self.executor),
            ("wallet", self.wallet),
            ("ledger", self.ledger),
            ("reconciler", 1),
        ]
    }
}

/// The running system. Dropping it kills every process; if the test failed, the ends of all logs
/// are shown and the directory with the logs is kept.
#[derive(Debug)]
pub struct System {
    processes: BTreeMap<String, Process>,
    /// Process → `http://127.0.0.1:PORT`.
    addresses: BTreeMap<String, String>,
    /// Service → database URL.
    databases: BTreeMap<&'static str, String>,
    directory: Option<TempDir>,
}

impl System {
    /// Starts everything on SQLite files, or on databases in `postgres`, and waits until it is
    /// ready.
    pub async fn start(layout: Layout, postgres: Option<&Postgres>) -> Self {
        for _ in 0..3 {
            if let Some(system) = Self::try_start(layout, postgres).await {
                return system;
            }
        }
        panic!("the system did not start, three times; the logs are above");
    }

    async fn try_start(layout: Layout, postgres: Option<&Postgres>) -> Option<Self> {
        let directory = TempDir::with_prefix("hanbeon-system-").expect("a temporary directory");
        let mut databases = BTreeMap::new();
        for (service, _) in layout.replicas() {
            let url = match postgres {
                Some(postgres) => postgres.create_database(service).await,
                None => {
                    format!("sqlite://{}/{service}.db?mode=rwc", directory.path().display())
                }
            };
            databases.insert(service, url);
        }
        let names =
            layout.replicas().into_iter().flat_map(|(service, count)| replicas(service, count));
        let addresses: BTreeMap<String, String> = names
            .chain(["psp".to_owned()])
            .map(|name| (name, format!("http://127.0.0.1:{}", free_port())))
            .collect();
        let mut system =
            Self { processes: BTreeMap::new(), addresses, databases, directory: Some(directory) };
        for name in system.addresses.keys().cloned().collect::<Vec<_>>() {
            let recipe = if name == "psp" { system.psp() } else { system.service(&name) };
            system.processes.insert(name, Process::start(recipe));
        }
        for name in system.addresses.keys().cloned().collect::<Vec<_>>() {
            if !system.becomes_ready(&name).await {
                // Most likely its port was taken meanwhile.
                eprintln!("{name} did not start:\n{}", system.processes[&name].last_words());
                return None;
            }
        }
        Some(system)
    }

    /// The address of a process: `payment-1`, `psp`.
    pub fn url(&self, name: &str) -> &str {
        &self.addresses[name]
    }

    /// The addresses of a service's replicas.
    pub fn urls(&self, service: &str) -> Vec<String> {
        let mine = self.addresses.iter().filter(|(name, _)| service_of(name) == service);
        mine.map(|(_, url)| url.clone()).collect()
    }

    /// Where a service keeps its books.
    pub fn database(&self, service: &str) -> &str {
        &self.databases[service]
    }

    /// Kills a process as a power cut would: it gets no chance to finish anything.
    pub async fn kill(&mut self, name: &str) {
        self.process(name).end(Signal::KILL).await;
    }

    /// Stops a process politely; returns whether it ended as a success.
    pub async fn stop(&mut self, name: &str) -> bool {
        self.process(name).end(Signal::TERM).await.success()
    }

    /// Starts a process that was killed or stopped, on the same address and database.
    pub async fn start_again(&mut self, name: &str) {
        self.process(name).start_again();
        assert!(self.becomes_ready(name).await, "{}", self.processes[name].last_words());
    }

    /// Names of processes that ended though nobody ended them.
    pub fn fallen(&mut self) -> Vec<String> {
        let fallen = self.processes.iter_mut().filter_map(|(name, p)| (!p.is_up()).then_some(name));
        fallen.cloned().collect()
    }

    /// An internal call to a process.
    pub async fn internal(&self, ask: Ask) -> Result<Answer, String> {
        ask.header("authorization", &format!("Bearer {TOKEN}")).send().await
    }

    /// Tells the PSP how to misbehave.
    ///
    /// # Panics
    /// If it does not understand.
    pub async fn misbehave(&self, programme: &Value) {
        let url = format!("{}/_fake/faults", self.url("psp"));
        let answer = Ask::post(url).json(programme).send().await.expect("the fake answers");
        assert_eq!(answer.status, 204, "{}", answer.body);
    }

    /// Ends the PSP's misbehaviour.
    pub async fn behave(&self) {
        let url = format!("{}/_fake/faults", self.url("psp"));
        let answer = Ask::new(hyper::Method::DELETE, url).send().await.expect("the fake answers");
        assert_eq!(answer.status, 204, "{}", answer.body);
    }

    fn process(&mut self, name: &str) -> &mut Process {
        self.processes.get_mut(name).unwrap_or_else(|| panic!("no process is called {name}"))
    }

    async fn becomes_ready(&mut self, name: &str) -> bool {
        let probe = if name == "psp" { "healthz" } else { "readyz" };
        let url = format!("{}/{probe}", self.addresses[name]);
        let process = self.processes.get_mut(name).expect("it was started");
        let what = format!("{name} to be ready");
        let ready = eventually(&what, START, async || {
            if !process.is_up() {
                return Some(false);
            }
            let asked = Ask::get(&url).patience(Duration::from_secs(5)).send().await;
            asked.is_ok_and(|answer| answer.status == 200).then_some(true)
        });
        // Another program's answer on a port that we lost would do, too.
        ready.await && process.is_up()
    }

    fn psp(&self) -> Recipe {
        let listen = self.url("psp").trim_start_matches("http://").to_owned();
        let webhook = format!("{}/v1/webhooks/toss", self.url("payment-1"));
        let args = ["--listen", &listen, "--webhook-url", &webhook, "--log", "warn"];
        Recipe {
            name: "psp".to_owned(),
            program: program("fake-psp"),
            args: args.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            log: self.path().join("psp.log"),
            user: None,
        }
    }

    /// Settings are short, so that a test sees in seconds what takes a real shop minutes.
    fn service(&self, name: &str) -> Recipe {
        let service = service_of(name);
        let urls = |service: &str| self.urls(service).join(",");
        let mut env = vec![
            ("LISTEN", self.addresses[name].trim_start_matches("http://").to_owned()),
            ("DATABASE_URL", self.databases[service].clone()),
            ("INTERNAL_TOKEN", TOKEN.to_owned()),
            ("RUST_LOG", "warn".to_owned()),
            ("FEED_WAIT_MS", "2000".to_owned()),
            ("FEED_RECHECK_MS", "200".to_owned()),
            ("WORKER_POLL_MS", "200".to_owned()),
            ("PAYMENT_URLS", urls("payment")),
            ("EXECUTOR_URLS", urls("executor")),
            ("WALLET_URLS", urls("wallet")),
            ("LEDGER_URLS", urls("ledger")),
        ];
        match service {
            "payment" => env.extend([
                ("PUBLIC_URL", self.addresses[name].clone()),
                ("PSP_WINDOW_URL", format!("{}/window/payments", self.url("psp"))),
                ("CONFIRM_PATIENCE_MS", "2000".to_owned()),
            ]),
            "executor" => env.extend([
                ("PSP_URL", self.url("psp").to_owned()),
                ("PSP_SECRET_KEY", "test_sk_hanbeon".to_owned()),
                ("PSP_DEADLINE_MS", "1500".to_owned()),
                ("RETRY_TRIES", "12".to_owned()),
                ("RETRY_BASE_MS", "200".to_owned()),
                ("RETRY_MAX_MS", "2000".to_owned()),
            ]),
            _ => {}
        }
        Recipe {
            name: name.to_owned(),
            program: program(service),
            args: Vec::new(),
            env,
            log: self.path().join(format!("{name}.log")),
            user: None,
        }
    }

    fn path(&self) -> &Path {
        self.directory.as_ref().expect("kept until the end").path()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for process in self.processes.values() {
            eprintln!("{}", process.last_words());
        }
        let kept = self.directory.take().map(TempDir::keep);
        eprintln!("databases and logs are kept in {}", kept.unwrap_or_default().display());
    }
}

fn replicas(service: &'static str, count: usize) -> impl Iterator<Item = String> {
    (1..=count).map(move |n| format!("{service}-{n}"))
}

/// `payment-2` → `payment`.
fn service_of(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(service, _)| service)
}
