//! Finds the workspace's programs beside the running test, and has them built when they are
//! missing or older than their sources: `cargo test --test NAME` alone does not build them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

const PROGRAMS: [&str; 7] =
    ["payment", "executor", "wallet", "ledger", "reconciler", "fake-psp", "sim"];

/// The path of a program of the workspace, up to date.
pub fn program(name: &str) -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        let directory = profile_directory();
        if PROGRAMS.iter().any(|name| is_stale(&directory, name)) {
            build(&directory);
        }
        directory
    });
    directory.join(name)
}

/// `target/debug` of `target/debug/deps/TEST`.
fn profile_directory() -> PathBuf {
    let test = env::current_exe().expect("a process knows its program");
    let directory = test.parent().and_then(Path::parent);
    directory.expect("cargo puts tests into target/PROFILE/deps").to_owned()
}

/// Whether a program is missing or one of the files it was made from is newer. Cargo lists those
/// files beside the program.
fn is_stale(directory: &Path, name: &str) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let Some(built) = modified(&directory.join(name)) else { return true };
    let Ok(listed) = fs::read_to_string(directory.join(format!("{name}.d"))) else { return true };
    let sources = listed.split_once(':').map_or("", |(_, sources)| sources);
    let newer = |source: &str| modified(Path::new(source)).is_none_or(|at| at > built);
    sources.split_whitespace().any(newer)
}

fn build(directory: &Path) {
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet", "-p", "system", "-p", "fake-psp", "-p", "sim", "--bins"])
        .args(["--profile", profile, "--target-dir"])
        .arg(directory.parent().expect("PROFILE lies in the target directory"))
        .status()
        .expect("cargo can be started");
    assert!(status.success(), "building the programs under test failed: {status}");
}
