//! The services' programs, as whoever installs them meets them first: their help, and what they
//! say of settings that cannot work.

use std::{
    net::TcpListener,
    process::{Command, Output},
};

/// Each program with the settings that only it has.
const PROGRAMS: [(&str, &str, &[&str]); 5] = [
    (
        "payment",
        env!("CARGO_BIN_EXE_payment"),
        &["EXECUTOR_URLS", "PUBLIC_URL", "PSP_WINDOW_URL", "CONFIRM_PATIENCE_MS"],
    ),
    (
        "executor",
        env!("CARGO_BIN_EXE_executor"),
        &["PSP_URL", "PSP_SECRET_KEY", "PSP_DEADLINE_MS", "RETRY_TRIES"],
    ),
    ("wallet", env!("CARGO_BIN_EXE_wallet"), &["PAYMENT_URLS"]),
    ("ledger", env!("CARGO_BIN_EXE_ledger"), &["PAYMENT_URLS"]),
    (
        "reconciler",
        env!("CARGO_BIN_EXE_reconciler"),
        &["PAYMENT_URLS", "EXECUTOR_URLS", "WALLET_URLS", "LEDGER_URLS", "RECONCILE_AT"],
    ),
];

/// Settings that are good enough to start any of them, until one is replaced by `wrong`.
fn run(program: &str, args: &[&str], wrong: &[(&str, &str)]) -> (Output, String) {
    let peers = ["PAYMENT_URLS", "EXECUTOR_URLS", "WALLET_URLS", "LEDGER_URLS"];
    let mut command = Command::new(program);
    command.env_clear().args(args).envs(peers.map(|name| (name, "http://127.0.0.1:1")));
    command.env("INTERNAL_TOKEN", "a-secret-token").env("PSP_SECRET_KEY", "a-secret-key");
    command.env("DATABASE_URL", "sqlite::memory:a-secret-place").env("LISTEN", "127.0.0.1:0");
    let output = command.envs(wrong.iter().copied()).output().expect("it can be started");
    let said = [&output.stdout[..], &output.stderr].concat();
    (output, String::from_utf8(said).expect("UTF-8"))
}

#[test]
fn the_help_names_every_setting_and_no_secret() {
    for (name, program, settings) in PROGRAMS {
        let (output, said) = run(program, &["--help"], &[]);
        assert!(output.status.success(), "{name}: {said}");
        let common = ["LISTEN", "DATABASE_URL", "INTERNAL_TOKEN", "FEED_WAIT_MS", "WORKER_POLL_MS"];
        for setting in common.iter().chain(settings) {
            assert!(said.contains(setting), "{name} --help does not name {setting}");
        }
        assert!(!said.contains("a-secret"), "{name} --help tells a secret: {said}");
    }
}

#[test]
fn what_cannot_work_is_said_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = listener.local_addr().expect("it is bound").to_string();
    for (name, program, _) in PROGRAMS {
        for (setting, value, words) in [
            ("LISTEN", &*taken, "Choose another --listen"),
            ("LISTEN", "here", "--listen"),
            ("FEED_WAIT_MS", "soon", "`soon` is not a whole number"),
            ("DATABASE_URL", "mysql://nowhere/x", "Check DATABASE_URL"),
            ("DATABASE_URL", "sqlite:///nowhere/at/all.db", "Check DATABASE_URL"),
        ] {
            let (output, said) = run(program, &[], &[(setting, value)]);
            assert!(!output.status.success(), "{name} starts with {setting}={value}");
            assert!(said.contains(words), "{name} with {setting}={value} says: {said}");
            assert!(!said.contains("a-secret"), "{name} tells a secret: {said}");
            assert!(!said.contains("panicked"), "{name} with {setting}={value}: {said}");
        }
    }
}

#[test]
fn what_is_missing_is_named() {
    for (name, program, _) in PROGRAMS {
        let output = Command::new(program).env_clear().output().expect("it can be started");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        for missing in ["--database-url", "--internal-token"] {
            assert!(
                said.contains(missing),
                "{name} does not say that {missing} is missing: {said}"
            );
        }
    }
}
