//! `sim` as its users run it: exit codes, files, pipes, and outside the repository.

use std::{
    fs,
    io::Read,
    path::Path,
    process::{Command, Output, Stdio},
};

use hanbeon::program;

/// Runs `sim` in a directory that is not the repository.
fn sim(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program("sim"));
    command.args(arguments).current_dir(directory).output().expect("sim starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn elsewhere() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

/// A canary that cannot sing: the PSP is honest.
const DUMB: &str = "name = \"dumb\"\nabout = \"An honest PSP.\"\nexpect = \"exactly-once\"\n\
                    [workload]\npayments = 3\n";

#[test]
fn a_caught_canary_is_a_success_and_an_uncaught_one_fails() {
    let here = elsewhere();
    let caught = sim(here.path(), &["run", "canary_convergence"]);
    assert_eq!(caught.status.code(), Some(0), "{}", said(&caught));
    assert!(said(&caught).starts_with("CAUGHT"), "{}", said(&caught));
    let swept = sim(here.path(), &["sweep", "canary_zero_sum", "--seeds", "0..3", "--json"]);
    assert_eq!(swept.status.code(), Some(0), "{}", said(&swept));
    let json: serde_json::Value = serde_json::from_slice(&swept.stdout).expect("JSON");
    assert_eq!((&json["verdict"], &json["caught"]), (&"caught".into(), &3.into()));
    assert!(!here.path().join("replays").exists(), "a success leaves no replay files");

    fs::write(here.path().join("dumb.toml"), DUMB).expect("written");
    let missed = sim(here.path(), &["run", "dumb.toml", "--json"]);
    assert_eq!(missed.status.code(), Some(1), "{}", said(&missed));
    let json: serde_json::Value = serde_json::from_slice(&missed.stdout).expect("JSON");
    assert_eq!(json["verdict"], "not_caught");
    let swept = sim(here.path(), &["sweep", "dumb.toml", "--seeds", "0..2"]);
    assert_eq!(swept.status.code(), Some(1), "{}", said(&swept));
    assert!(said(&swept).contains("NOT CAUGHT"), "{}", said(&swept));
}

#[test]
fn nothing_overwrites_a_replay_file_and_replay_writes_none() {
    let here = elsewhere();
    fs::write(here.path().join("dumb.toml"), DUMB).expect("written");
    let replays = here.path().join("replays");
    let files = || {
        let entries = fs::read_dir(&replays).expect("a failure was kept");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
        paths.sort();
        paths
    };
    sim(here.path(), &["run", "dumb.toml"]);
    sim(here.path(), &["run", "dumb.toml"]);
    let [kept] = &files()[..] else { panic!("one file for one plan: {:?}", files()) };
    let edited = fs::read_to_string(kept).expect("text") + "# mine\n";
    fs::write(kept, &edited).expect("written");
    let again = sim(here.path(), &["replay", kept.to_str().expect("UTF-8")]);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert_eq!(files().len(), 1, "replay writes nothing");
    sim(here.path(), &["run", "dumb.toml"]);
    assert_eq!(files().len(), 2, "the edited file's name is taken");
    assert_eq!(fs::read_to_string(kept).expect("text"), edited);
}

#[test]
fn save_keeps_any_run_and_refuses_to_overwrite() {
    let here = elsewhere();
    let mine = here.path().join("mine.toml");
    let save = ["run", "smoke", "--seed", "3", "--save", "mine.toml"];
    assert!(sim(here.path(), &save).status.success());
    let first = fs::read_to_string(&mine).expect("saved");
    assert!(sim(here.path(), &["replay", "mine.toml"]).status.success());
    fs::write(&mine, "precious").expect("written");
    let refused = sim(here.path(), &save);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("--force"), "{}", said(&refused));
    assert_eq!(fs::read_to_string(&mine).expect("text"), "precious");
    assert!(sim(here.path(), &[&save[..], &["--force"]].concat()).status.success());
    assert_eq!(fs::read_to_string(&mine).expect("text"), first);
}

#[test]
fn a_reader_who_leaves_is_no_panic() {
    let commands: [&[&str]; 4] = [
        &["run", "canary_convergence", "--full"],
        &["list"],
        &["sweep", "smoke", "--seeds", "0..2"],
        &["meta", "smoke", "--trace"],
    ];
    let here = elsewhere();
    for arguments in commands {
        let mut child = Command::new(program("sim"))
            .args(arguments)
            .current_dir(here.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sim starts");
        drop(child.stdout.take());
        let mut errors = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut errors).expect("UTF-8");
        let status = child.wait().expect("it ends");
        assert!(status.success() && !errors.contains("panicked"), "{arguments:?}: {errors}");
    }
}

#[test]
fn lines_are_cut_unless_all_is_asked_for() {
    let here = elsewhere();
    let longest = |arguments: &[&str]| {
        let text = said(&sim(here.path(), arguments));
        let details = text.lines().filter(|line| line.starts_with("  - "));
        let count = details.clone().count();
        (details.map(|line| line.chars().count()).max().unwrap_or(0), count)
    };
    let (width, cut) = longest(&["run", "canary_convergence"]);
    assert_eq!(width, 100);
    let (width, full) = longest(&["run", "canary_convergence", "--full"]);
    assert!(width > 100 && full > cut, "{width} columns, {full} and {cut} details");
}

#[test]
fn a_file_goes_before_a_built_in_scenario_and_wrong_words_are_explained() {
    let here = elsewhere();
    fs::create_dir(here.path().join("scenarios")).expect("made");
    let own = DUMB.replace("dumb", "smoke").replace("exactly-once", "pass");
    fs::write(here.path().join("scenarios/smoke.toml"), own).expect("written");
    let run = sim(here.path(), &["run", "smoke"]);
    assert!(said(&run).contains("An honest PSP."), "{}", said(&run));
    let list = said(&sim(here.path(), &["list"]));
    assert!(list.contains("An honest PSP.") && list.contains("storm "), "{list}");
    let wrong: [(&[&str], &str); 4] = [
        (&["run", "strom"], "Did you mean `storm`?"),
        (&["sweep", "smoke", "--jobs", "0"], "give 1 or more"),
        (&["sweep", "smoke", "--seeds", "9..3"], "did you mean 3..9?"),
        (&["sweep", "smoke", "--seeds", "3..3"], "it is empty"),
    ];
    for (arguments, sentence) in wrong {
        let output = sim(here.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(sentence), "{}", said(&output));
    }
}
