//! ChromeDriver as a child process, and a session of Chromium in it.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::{
    http::Ask,
    port::free_port,
    process::{Process, Recipe},
    wait::within,
};

/// How long ChromeDriver may take until it answers.
const START: Duration = Duration::from_secs(30);

/// How long a page may take to load.
const LOAD: Duration = Duration::from_secs(30);

/// The two programs.
#[derive(Debug)]
pub(super) struct Programs {
    chromium: PathBuf,
    chromedriver: PathBuf,
}

/// Finds Chromium and its driver in `PATH`; `None` if either is missing.
pub(super) fn programs() -> Option<Programs> {
    let path = env::var_os("PATH").unwrap_or_default();
    let places: Vec<PathBuf> = env::split_paths(&path).collect();
    let find = |name: &str| places.iter().map(|p| p.join(name)).find(|p| p.is_file());
    let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(find)?;
    Some(Programs { chromium, chromedriver: find("chromedriver")? })
}

/// Starts a driver and opens a session, all files in `directory`.
///
/// # Panics
/// If it does not work, with the end of the driver's log.
pub(super) async fn start(programs: &Programs, directory: &Path) -> (Process, Client) {
    for _ in 0..5 {
        let port = free_port();
        let mut driver = Process::start(recipe(programs, directory, port));
        let url = format!("http://127.0.0.1:{port}");
        if answers(&mut driver, &url).await {
            let session = session(programs, directory, &url).await;
            return match session {
                Ok(client) => (driver, client),
                Err(error) => panic!("Chromium did not start: {error}\n{}", driver.last_words()),
            };
        }
        // Most likely the port was taken meanwhile.
        eprintln!("ChromeDriver did not start on port {port}:\n{}", driver.last_words());
    }
    panic!("ChromeDriver did not start; its last words are above");
}

fn recipe(programs: &Programs, directory: &Path, port: u16) -> Recipe {
    let home = directory.display().to_string();
    Recipe {
        name: "chromedriver".to_owned(),
        program: programs.chromedriver.clone(),
        args: vec![format!("--port={port}").into()],
        // Chromium inherits it, and leaves its files nowhere else.
        env: vec![
            ("PATH", env::var("PATH").unwrap_or_default()),
            ("HOME", home.clone()),
            ("TMPDIR", home),
        ],
        log: directory.join("chromedriver.log"),
        user: None,
    }
}

async fn answers(driver: &mut Process, url: &str) -> bool {
    let status = format!("{url}/status");
    let answered = within(START, async || {
        if !driver.is_up() {
            return Some(false);
        }
        let asked = Ask::get(&status).patience(Duration::from_secs(5)).send().await;
        asked.is_ok_and(|answer| answer.status == 200).then_some(true)
    });
    // Another program's answer on a port that we lost would do, too.
    answered.await == Some(true) && driver.is_up()
}

async fn session(
    programs: &Programs,
    directory: &Path,
    url: &str,
) -> Result<Client, fantoccini::error::NewSessionError> {
    let profile = directory.join("profile");
    let args = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        // A container's /dev/shm is often too small for a page.
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Instead of a port: when its driver is killed, the pipe ends, and Chromium with it.
        "--remote-debugging-pipe",
        "--window-size=1000,900",
        &format!("--user-data-dir={}", profile.display()),
    ];
    let wanted = json!({
        "goog:chromeOptions": {
            "binary": programs.chromium,
            "args": args,
            // A person in Korea.
            "prefs": {"intl.accept_languages": "ko-KR,ko"},
        },
        "goog:loggingPrefs": {"browser": "ALL"},
        "timeouts": {"pageLoad": LOAD.as_millis() as u64, "script": LOAD.as_millis() as u64},
    });
    let Value::Object(wanted) = wanted else { unreachable!("an object was written") };
    let mut builder = ClientBuilder::new(HttpConnector::new());
    builder.capabilities(Capabilities::from_iter(wanted)).connect(url).await
}
