//! A temporary PostgreSQL: the real server on a free port, in a directory that goes with it.

use std::{
    env, fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use rustix::process::Signal;
use sqlx::{Connection, Executor, postgres::PgConnection};
use tempfile::TempDir;

use crate::{
    pause,
    port::free_port,
    process::{Process, Recipe},
};

/// How long the server may take to start, recovery included.
const START: Duration = Duration::from_secs(60);

/// How the server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Open transactions are rolled back, connections closed, everything written.
    Fast,
    /// As if it had crashed: the next start recovers from its log.
    Immediate,
}

/// A running server; dropping it stops it and removes its files.
#[derive(Debug)]
pub struct Postgres {
    // Before the directory: the server ends first.
    server: Process,
    port: u16,
    databases: AtomicU32,
    _directory: TempDir,
}

impl Postgres {
    /// Starts one. `None` if there is no PostgreSQL on this machine: the test is then skipped,
    /// which it says loudly, but never where `CI` or `HANBEON_REQUIRE_POSTGRES` is set.
    ///
    /// # Panics
    /// If it is required and missing, or does not start.
    pub async fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            let missing = "there is no PostgreSQL: no initdb in /usr/lib/postgresql/*/bin or PATH";
            let required = ["CI", "HANBEON_REQUIRE_POSTGRES"].map(env::var_os);
            assert!(required.iter().all(Option::is_none), "{missing}; install postgresql");
            eprintln!("SKIPPED: {missing}. This test has proven nothing.");
            return None;
        };
        let user = server_user();
        let directory = TempDir::with_prefix("hanbeon-postgres-").expect("a temporary directory");
        if let Some((user, group)) = user {
            chown(directory.path(), Some(user), Some(group)).expect("root may give away");
        }
        let data = directory.path().join("data");
        init(&programs, &data, user);
        for _ in 0..5 {
            let port = free_port();
            let recipe = recipe(&programs, directory.path(), &data, port, user);
            let mut server = Process::start(recipe);
            if is_ready(&mut server, port).await {
                let databases = AtomicU32::new(0);
                return Some(Self { server, port, databases, _directory: directory });
            }
            eprintln!("PostgreSQL did not start on port {port}:\n{}", server.last_words());
        }
        panic!("PostgreSQL did not start; its last words are above");
    }

    /// Makes a database; returns its URL.
    pub async fn create_database(&self, name: &str) -> String {
        // A number keeps the databases of two tests apart.
        let name = format!("{name}_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut admin = PgConnection::connect(&self.url("postgres")).await.expect("it is up");
        let sql = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        admin.execute(sql).await.expect("a fresh name");
        self.url(&name)
    }

    /// Stops it.
    pub async fn stop(&mut self, how: Shutdown) {
        let signal = if how == Shutdown::Fast { Signal::INT } else { Signal::QUIT };
        self.server.end(signal).await;
    }

    /// Starts it again on the same port and data.
    pub async fn start_again(&mut self) {
        self.server.start_again();
        assert!(is_ready(&mut self.server, self.port).await, "{}", self.server.last_words());
    }

    fn url(&self, database: &str) -> String {
        url(self.port, database)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.server.last_words());
        }
    }
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/{database}")
}

/// The directory of `initdb` and `postgres`; of several versions the highest.
fn programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    let version = |bin: &PathBuf| bin.iter().rev().nth(1)?.to_str()?.parse::<u32>().ok();
    versions.sort_by_key(|bin| std::cmp::Reverse(version(bin)));
    let mut places = versions.into_iter().chain(env::split_paths(&path));
    places.find(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
}

/// PostgreSQL refuses to run as root: then it runs as user `postgres`, or `nobody`.
fn server_user() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("root has users");
    let find = |wanted: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(wanted))?;
        let mut fields = line.split(':').skip(2).map(|field| field.parse().ok());
        Some((fields.next()??, fields.next()??))
    };
    let user = find("postgres").or_else(|| find("nobody"));
    Some(user.expect("PostgreSQL refuses to run as root, and there is no other user to run it as"))
}

fn init(programs: &Path, data: &Path, user: Option<(u32, u32)>) {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(programs.join("initdb"));
    command.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
    command.args(["--no-sync", "--no-instructions", "--pgdata"]).arg(data).current_dir("/");
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    let Output { status, stderr, .. } = command.output().expect("initdb can be started");
    assert!(status.success(), "initdb: {}", String::from_utf8_lossy(&stderr));
}

fn recipe(
    programs: &Path,
    directory: &Path,
    data: &Path,
    port: u16,
    user: Option<(u32, u32)>,
) -> Recipe {
    let port = port.to_string();
    // fsync only matters when the machine goes down; the tests take down processes.
    let settings = [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=off",
        "max_connections=150",
        "shared_buffers=64MB",
        "log_min_messages=fatal",
        "log_min_error_statement=panic",
    ];
    let mut args = vec!["-D".into(), data.into(), "-p".into(), port.into()];
    args.extend(settings.iter().flat_map(|setting| ["-c".into(), setting.into()]));
    Recipe {
        name: "postgres".to_owned(),
        program: programs.join("postgres"),
        args,
        env: vec![("PATH", env::var("PATH").unwrap_or_default()), ("LC_ALL", "C".to_owned())],
        log: directory.join("postgres.log"),
        user,
    }
}

/// Waits until it takes connections; `false` if it ended instead.
async fn is_ready(server: &mut Process, port: u16) -> bool {
    let url = url(port, "postgres");
    for _ in 0..START.as_millis() / 50 {
        if !server.is_up() {
            return false;
        }
        if let Ok(connection) = PgConnection::connect(&url).await {
            let _ = connection.close().await;
            // Somebody else's server on a port that we were too late for would answer, too.
            return server.is_up();
        }
        pause(50).await;
    }
    false
}
