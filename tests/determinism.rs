//! Determinism, before everything else: one seed has one history, in any process.

use std::process::Command;

use hanbeon::program;

/// `sim meta` runs the seed in two processes and compares the traces line by line.
fn meta(scenario: &str, seed: u64) {
    let output = Command::new(program("sim"))
        .args(["meta", scenario, "--seed", &seed.to_string()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("sim starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.starts_with("DETERMINISTIC"), "{said}");
}

#[test]
fn one_seed_of_storm_has_one_history() {
    meta("scenarios/storm.toml", 7);
}

#[test]
fn so_has_one_with_crashes_and_one_with_database_faults() {
    meta("scenarios/executor_crash.toml", 1);
    meta("scenarios/database_cuts.toml", 1);
}

/// The comparison can fail: another seed has another history.
#[test]
fn another_seed_has_another_history() {
    let print = |seed: &str| {
        let output = Command::new(program("sim"))
            .args(["run", "scenarios/smoke.toml", "--json", "--seed", seed])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("sim starts");
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        said["fingerprint"].as_str().expect("a fingerprint").to_owned()
    };
    assert_eq!(print("1"), print("1"));
    assert_ne!(print("1"), print("2"));
}
