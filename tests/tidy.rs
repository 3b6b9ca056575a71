//! The rules of the house, as far as a machine can hold them. Each message says what to do.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The longest file that is still read in one go.
const LINES: usize = 400;

const SERVICES: [&str; 5] = ["payment", "executor", "wallet", "ledger", "reconciler"];

/// A source file.
struct Source {
    /// From the root of the workspace, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// Its lines with their numbers, without comments and without the unit tests at its end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
        let lines = lines.enumerate().map(|(n, line)| (n + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path.starts_with(place))
    }
}

/// All Rust sources of the crates, and of the tests if they are wanted too.
fn sources(places: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = places.iter().map(|place| root.join(place)).collect();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of the workspace") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source is UTF-8");
                let path = path.strip_prefix(root).expect("under the root");
                found.push(Source { path: path.display().to_string().replace('\\', "/"), text });
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {places:?}: has the workspace moved?");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn crates() -> Vec<Source> {
    sources(&["crates/system/src", "crates/fake-psp/src", "crates/sim/src"])
}

/// Everything that we wrote in Rust.
fn everything() -> Vec<Source> {
    sources(&["crates", "tests"])
}

#[track_caller]
fn assert_none(found: Vec<String>) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent = everything().into_iter().filter(|source| !source.text.starts_with("//!"));
    let advice = "begin it with `//! ` and a sentence that says what is in it";
    assert_none(silent.map(|source| format!("{}: {advice}", source.path)).collect());
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let long = everything().into_iter().filter_map(|source| {
        let lines = source.text.lines().count();
        let advice = "move a noun or a verb into a file of its own";
        (lines > LINES).then(|| format!("{}: {lines} lines; {advice}", source.path))
    });
    assert_none(long.collect());
}

#[test]
fn nothing_is_left_for_later() {
    // Written so that this file does not find itself.
    let words = [
        (concat!("to", "do!("), "write it, or take the path out"),
        (concat!("unimpl", "emented!("), "write it, or take the path out"),
        (concat!("FIX", "ME"), "fix it, or open an issue and say what is so in the documentation"),
        (concat!("TO", "DO"), "do it, or open an issue and say what is so in the documentation"),
        (
            concat!("#[ign", "ore"),
            "make it run, or delete it: a test that never runs proves nothing",
        ),
        (concat!("dbg", "!("), "take it out"),
    ];
    let mut found = Vec::new();
    for source in everything() {
        for (n, line) in source.text.lines().enumerate() {
            for (word, advice) in words.iter().filter(|(word, _)| line.contains(word)) {
                found.push(format!("{}:{}: `{word}`: {advice}", source.path, n + 1));
            }
        }
    }
    assert_none(found);
}

#[test]
fn only_the_simulation_speaks_of_its_engine() {
    let mut found = Vec::new();
    for source in crates().into_iter().filter(|source| !source.is_in(&["crates/sim/"])) {
        for (n, line) in source.text.lines().enumerate() {
            for word in ["turmoil", " sim::", "sim+sqlite", "cfg(feature"] {
                if line.contains(word) {
                    let advice = "the product must not know that it is simulated; use a seam";
                    found.push(format!("{}:{}: `{word}`: {advice}", source.path, n + 1));
                }
            }
        }
    }
    assert_none(found);
}

#[test]
fn a_service_knows_of_another_only_what_it_says_on_the_wire() {
    let mut found = Vec::new();
    for service in SERVICES {
        let place = format!("crates/system/src/{service}");
        for source in sources(&[&place]) {
            for (n, line) in source.code() {
                for other in SERVICES.into_iter().filter(|other| *other != service) {
                    if names_more_than_wire(line, other) {
                        let advice = format!("use `{other}::wire`, and put there what is missing");
                        found.push(format!("{}:{n}: {advice}", source.path));
                    }
                }
            }
        }
    }
    assert_none(found);
}

/// Whether a line names something of `other` that is not in its `wire`.
fn names_more_than_wire(line: &str, other: &str) -> bool {
    let path = format!("{other}::");
    line.match_indices(&path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let is_module = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.');
        let after = line[at + path.len()..].trim_start_matches('{');
        is_module && !after.starts_with("wire")
    })
}

#[test]
fn the_wire_rule_sees_what_it_should() {
    assert!(names_more_than_wire("use crate::executor::operation;", "executor"));
    assert!(names_more_than_wire("    executor::{operation, wire},", "executor"));
    assert!(!names_more_than_wire("use crate::executor::wire::Execute;", "executor"));
    assert!(!names_more_than_wire("use my_executor::operation;", "executor"));
}

/// A bug that cannot be planted any more proves nothing, and nobody would notice.
#[test]
fn every_planted_bug_applies_and_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = std::fs::read_to_string(root.join("zoo/README.md")).expect("zoo has a list");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root.join("zoo")).expect("the repository has zoo/") {
        let path = entry.expect("readable").path();
        if path.extension().is_none_or(|extension| extension != "patch") {
            continue;
        }
        let mut apply = std::process::Command::new("git");
        apply.args(["apply", "--check"]).arg(&path).current_dir(root);
        let output = apply.output().expect("git is needed to plant bugs");
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            found.push(format!("{}: {}", path.display(), said.trim()));
        }
        let stem = path.file_stem().expect("a name").to_string_lossy();
        let (number, name) = stem.split_once('-').expect("NN-name");
        if !list.contains(&format!("| {} | `{name}` |", number.trim_start_matches('0'))) {
            found.push(format!("{}: zoo/README.md lacks its row", path.display()));
        }
    }
    assert_none(found);
}

#[test]
fn nothing_that_is_simulated_takes_time_chance_or_order_from_the_machine() {
    let simulated = [
        "crates/system/src/",
        "crates/fake-psp/src/",
        "crates/sim/src/cast",
        "crates/sim/src/oracle",
        "crates/sim/src/plan",
    ];
    // The real world comes in here.
    let bridges = [
        "crates/fake-psp/src/bin/",
        "crates/fake-psp/src/start/",
        "crates/system/src/bin/",
        "crates/system/src/process.rs",
        "crates/system/src/kernel/clock.rs",
        "crates/system/src/kernel/entropy.rs",
    ];
    let words = [
        ("tokio::spawn(", "let a JoinSet own the task: it must end with its owner"),
        ("task::spawn(", "let a JoinSet own the task: it must end with its owner"),
        ("spawn_blocking", "do it in the task: threads run in no order"),
        ("thread::", "use a task of a JoinSet, and tokio::time::sleep"),
        ("SystemTime", "ask the `Clock` that was handed in"),
        ("Timestamp::now", "ask the `Clock` that was handed in"),
        ("Zoned::now", "ask the `Clock` that was handed in"),
        ("std::time::Instant::now", "use tokio::time::Instant, which a paused clock controls"),
        ("HashMap", "use BTreeMap, or Vec: a hash map has another order in every process"),
        ("HashSet", "use BTreeSet, or Vec: a hash set has another order in every process"),
        ("rand::random", "draw from the `Entropy` that was handed in"),
        ("rand::rng", "draw from the `Entropy` that was handed in"),
        ("axum::serve(", "use transport::serve_http: axum's own detaches its connections"),
    ];
    let mut found = Vec::new();
    let sources = crates().into_iter();
    for source in sources.filter(|s| s.is_in(&simulated) && !s.is_in(&bridges)) {
        for (n, line) in source.code() {
            for (word, advice) in words.iter().filter(|(word, _)| line.contains(word)) {
                found.push(format!("{}:{n}: `{word}`: {advice}", source.path));
            }
        }
    }
    assert_none(found);
}
