//! One child process: its output goes to a file, and it never outlives its handle.

use std::{
    ffi::OsString,
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{eventually, pause};

/// How long a process may take to end once it was asked to.
const GRACE: Duration = Duration::from_secs(40);

/// How to start a program, as often as needed.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    /// Its whole environment: nothing is inherited.
    pub(crate) env: Vec<(&'static str, String)>,
    /// Its standard output and error are appended here.
    pub(crate) log: PathBuf,
    /// User and group to run as, if not our own.
    pub(crate) user: Option<(u32, u32)>,
}

/// A process, running or not.
#[derive(Debug)]
pub(crate) struct Process {
    recipe: Recipe,
    child: Option<Child>,
}

impl Process {
    pub(crate) fn start(recipe: Recipe) -> Self {
        let mut process = Self { recipe, child: None };
        process.start_again();
        process
    }

    pub(crate) fn start_again(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.recipe.name);
        let recipe = &self.recipe;
        let log = File::options().create(true).append(true).open(&recipe.log).expect("a log file");
        let mut command = Command::new(&recipe.program);
        command.args(&recipe.args).env_clear().envs(recipe.env.iter().map(|(k, v)| (k, v)));
        command.stdout(log.try_clone().expect("a second handle")).stderr(log);
        if let Some((user, group)) = recipe.user {
            command.uid(user).gid(group).current_dir("/");
        }
        let child = command.spawn();
        self.child = Some(child.unwrap_or_else(|e| panic!("{}: {e}", recipe.program.display())));
    }

    /// Whether it is running. One that ended by itself is forgotten.
    pub(crate) fn is_up(&mut self) -> bool {
        let Some(child) = &mut self.child else { return false };
        if child.try_wait().expect("our own child").is_some() {
            self.child = None;
        }
        self.child.is_some()
    }

    /// Sends a signal and waits for the end. (The wait yields: others go on meanwhile.)
    pub(crate) async fn end(&mut self, signal: Signal) -> ExitStatus {
        let name = self.recipe.name.clone();
        let mut child = self.child.take().unwrap_or_else(|| panic!("{name} is not running"));
        kill_process(Pid::from_child(&child), signal).expect("our own child");
        let what = format!("{name} to end after {signal:?}");
        let status = eventually(&what, GRACE, async || child.try_wait().expect("our own child"));
        let status = status.await;
        // What it had open is closed by now; its peers have yet to notice.
        pause(1).await;
        status
    }

    pub(crate) fn log(&self) -> &Path {
        &self.recipe.log
    }

    /// The last lines of its log, for a test that fails.
    pub(crate) fn last_words(&self) -> String {
        let bytes = fs::read(&self.recipe.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(8);
        format!("--- {}\n{}\n", self.log().display(), lines[from..].join("\n"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
