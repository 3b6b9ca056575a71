//! A person's browser: headless Chromium, driven over WebDriver.
//!
//! Every step waits until it can be done, and a test that fails says what the page showed: its
//! address, its text, what its scripts complained of, and the path of a screenshot.

mod driver;
mod find;

use std::{
    env,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use fantoccini::{
    Client,
    elements::Element,
    error::{CmdError, ErrorStatus},
    wd::WebDriverCompatibleCommand,
};
use hyper::Method;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    time::{Instant, timeout},
};
use url::Url;

use crate::{pause, process::Process};

pub use find::{Find, css, label};

/// How long a step may take, if the test does not say otherwise.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long the end may take: a last look at the page, and closing it.
const FAREWELL: Duration = Duration::from_secs(15);

/// A browser with one empty tab. Dropping it ends every process that it started and removes its
/// files.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    patience: Duration,
    /// Whether the failure was already told with all that is known of it.
    told: AtomicBool,
    // Before the directory: the processes end first.
    driver: Process,
    directory: TempDir,
}

impl Browser {
    /// Starts one. `None` if there is no Chromium on this machine: the test is then skipped, which
    /// it says loudly, but never where `CI` or `HANBEON_REQUIRE_CHROMIUM` is set.
    ///
    /// # Panics
    /// If it is required and missing, or does not start; or if the test is not a
    /// `#[tokio::test(flavor = "multi_thread")]`, which closing the browser needs.
    pub async fn start() -> Option<Self> {
        let flavor = Handle::current().runtime_flavor();
        assert_eq!(flavor, RuntimeFlavor::MultiThread, "make it a multi_thread test");
        let Some(programs) = driver::programs() else {
            let missing = "there is no Chromium: no chromium and chromedriver in PATH";
            let required = ["CI", "HANBEON_REQUIRE_CHROMIUM"].map(env::var_os);
            assert!(
                required.iter().all(Option::is_none),
                "{missing}; install chromium and chromium-driver"
            );
            eprintln!("SKIPPED: {missing}. This test has proven nothing.");
            return None;
        };
        let directory = TempDir::with_prefix("hanbeon-browser-").expect("a temporary directory");
        let (driver, client) = driver::start(&programs, directory.path()).await;
        let told = AtomicBool::new(false);
        Some(Self { client, patience: PATIENCE, told, driver, directory })
    }

    /// Lets every step take at most so long.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Where its profile and its log are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// All that WebDriver can do.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Opens a page and waits until it has loaded.
    pub async fn open(&self, url: &str) {
        if let Err(error) = self.client.goto(url).await {
            self.fail(&format!("{url} did not open: {error}")).await;
        }
    }

    /// Clicks on it once it is there; if that leads to another page, waits until it has loaded.
    /// Of several the first with exactly this text, or else the first that is visible.
    pub async fn click<'a>(&self, find: impl Into<Find<'a>>) {
        let find = find.into();
        self.act(find, async |element| element.click().await).await;
    }

    /// Writes into a field, in place of what it holds.
    pub async fn fill<'a>(&self, find: impl Into<Find<'a>>, value: &str) {
        let write = async |element: &Element| {
            element.clear().await?;
            element.send_keys(value).await
        };
        self.act(find.into(), write).await;
    }

    /// Chooses the option of a `<select>` that has this text.
    pub async fn choose<'a>(&self, find: impl Into<Find<'a>>, option: &str) {
        let search = format!(".//option[contains(normalize-space(.), {})]", find::literal(option));
        let choose = async |element: &Element| {
            element.find(fantoccini::Locator::XPath(&search)).await?.click().await
        };
        self.act(find.into(), choose).await;
    }

    /// Goes into an `<iframe>`: what follows happens in there, until [`Self::leave_frames`].
    pub async fn enter_frame<'a>(&self, find: impl Into<Find<'a>>) {
        self.act(find.into(), async |element| element.clone().enter_frame().await).await;
    }

    /// Comes back to the page itself.
    pub async fn leave_frames(&self) {
        // Also works when the frame is gone meanwhile.
        let switch = async || self.client.switch_to_window(self.client.window().await?).await;
        self.wait("the page itself", async || switch().await.map(Some)).await;
    }

    /// Waits until the page's visible text has this in it.
    pub async fn wait_for_text(&self, text: &str) {
        let what = format!("the text `{text}`");
        self.wait(&what, async || Ok(self.read_page().await?.contains(text).then_some(()))).await;
    }

    /// Waits until the address has this in it; returns the address.
    pub async fn wait_for_url(&self, part: &str) -> Url {
        let what = format!("an address with `{part}`");
        self.wait(&what, async || {
            let url = self.client.current_url().await?;
            Ok(url.as_str().contains(part).then_some(url))
        })
        .await
    }

    /// Waits until it is there and visible; returns its text.
    pub async fn read<'a>(&self, find: impl Into<Find<'a>>) -> String {
        let find = find.into();
        self.wait(&find.to_string(), async || {
            let Some(element) = self.visible(find).await? else { return Ok(None) };
            Ok(Some(one_line(&element.text().await?)))
        })
        .await
    }

    /// The address.
    pub async fn url(&self) -> Url {
        self.wait_for_url("").await
    }

    /// The page's visible text, its white space made one.
    pub async fn text(&self) -> String {
        self.wait("a page", async || self.read_page().await.map(Some)).await
    }

    /// Runs JavaScript with `arguments`; returns what it returns.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        match self.client.execute(script, arguments).await {
            Ok(value) => value,
            Err(error) => self.fail(&format!("the script `{script}` failed: {error}")).await,
        }
    }

    /// What came to the browser's console since the last call: what scripts wrote there, their
    /// uncaught errors, and what could not be loaded. `LEVEL message` each.
    pub async fn console(&self) -> Vec<String> {
        self.wait("the console", async || self.read_console().await.map(Some)).await
    }

    /// Looks every 50 ms until `look` finds something. An error is taken for a page that is just
    /// being changed.
    ///
    /// # Panics
    /// When the patience ends, with what was waited for and what the page showed.
    pub async fn wait<T>(
        &self,
        what: &str,
        mut look: impl AsyncFnMut() -> Result<Option<T>, CmdError>,
    ) -> T {
        let deadline = Instant::now() + self.patience;
        loop {
            let trouble = match look().await {
                Ok(Some(found)) => return found,
                Ok(None) => String::new(),
                Err(error) => format!(" ({error})"),
            };
            if Instant::now() >= deadline {
                let patience = self.patience;
                self.fail(&format!("waited {patience:?} in vain for {what}{trouble}")).await;
            }
            pause(50).await;
        }
    }

    /// Does something to an element once it is there, and only once.
    async fn act(
        &self,
        find: Find<'_>,
        mut act: impl AsyncFnMut(&Element) -> Result<(), CmdError>,
    ) {
        self.wait(&find.to_string(), async || {
            let Some(element) = self.visible(find).await? else { return Ok(None) };
            match act(&element).await {
                Err(error) if !has_done_nothing(&error) => {
                    self.fail(&format!("{find} cannot be used: {error}")).await
                }
                done => done.map(Some),
            }
        })
        .await;
    }

    async fn visible(&self, find: Find<'_>) -> Result<Option<Element>, CmdError> {
        let search = find::search(find);
        let mut first = None;
        for element in self.client.find_all(find::as_locator(find, &search)).await? {
            if !element.is_displayed().await? {
                continue;
            }
            if matches!(find, Find::Text(text) if one_line(&element.text().await?) == text) {
                return Ok(Some(element));
            }
            first = first.or(Some(element));
        }
        Ok(first)
    }

    async fn read_page(&self) -> Result<String, CmdError> {
        let body = self.client.find(fantoccini::Locator::Css("body")).await?;
        Ok(one_line(&body.text().await?))
    }

    async fn read_console(&self) -> Result<Vec<String>, CmdError> {
        let lines = self.client.issue_cmd(Console).await?;
        let word = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let lines = lines.as_array().into_iter().flatten();
        Ok(lines.map(|l| format!("{} {}", word(l, "level"), word(l, "message"))).collect())
    }

    /// Ends the test.
    async fn fail(&self, why: &str) -> ! {
        let picture = self.picture().await;
        self.told.store(true, Ordering::Relaxed);
        panic!("{why}\n{picture}");
    }

    /// All that can be known of the page: for the message of a test that fails.
    pub async fn picture(&self) -> String {
        match timeout(FAREWELL, self.look()).await {
            Ok(Ok(picture)) => picture,
            Ok(Err(error)) => {
                format!("nothing more is known: {error}\n{}", self.driver.last_words())
            }
            Err(_) => format!("the browser does not answer\n{}", self.driver.last_words()),
        }
    }

    async fn look(&self) -> Result<String, CmdError> {
        let png = self.client.screenshot().await?;
        let file = tempfile::Builder::new().prefix("hanbeon-page-").suffix(".png").tempfile();
        let (_, path) = file.expect("a temporary file").keep().expect("it can be kept");
        std::fs::write(&path, png).expect("a screenshot of some kilobytes");
        let (url, text) = (self.client.current_url().await?, self.read_page().await?);
        let console = self.read_console().await?.join("\n  ");
        let path = path.display();
        Ok(format!("  at {url}\n  screenshot {path}\n  it says: {text}\n  console: {console}"))
    }
}

impl Drop for Browser {
    /// Closes Chromium and waits until it is gone, as it writes its files until then. Killing the
    /// driver, which comes next, would end it as well, but some milliseconds later.
    fn drop(&mut self) {
        let failed = std::thread::panicking() && !self.told.load(Ordering::Relaxed);
        let end = async {
            if failed {
                eprintln!("the browser, when the test failed:\n{}", self.picture().await);
            }
            // One that cannot be closed any more is killed.
            let _ = timeout(FAREWELL, self.client.clone().close()).await;
        };
        tokio::task::block_in_place(|| Handle::current().block_on(end));
    }
}

/// ChromeDriver's own command for what came to the console.
#[derive(Debug)]
struct Console;

impl WebDriverCompatibleCommand for Console {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(r#"{"type":"browser"}"#.to_owned()))
    }
}

/// Whether the step has not begun, so that it may be tried again: nothing is to be clicked twice.
fn has_done_nothing(error: &CmdError) -> bool {
    let CmdError::Standard(error) = error else { return false };
    matches!(
        error.error,
        ErrorStatus::NoSuchElement
            | ErrorStatus::NoSuchFrame
            | ErrorStatus::StaleElementReference
            | ErrorStatus::ElementClickIntercepted
            | ErrorStatus::ElementNotInteractable
            | ErrorStatus::InvalidElementState
    )
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
