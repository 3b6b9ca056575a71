//! The final ledger of chosen histories, as snapshots that a person reviews: a change of behaviour
//! is a readable diff. `cargo insta review` accepts a new one.

use std::path::Path;

use sim::{plan, run, scenario::Scenario, sweep};

fn books(name: &str, seed: u64) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let scenario = Scenario::load(&path.join(name).with_extension("toml")).expect("a scenario");
    let plan = plan::generate(&scenario, seed);
    run::run(&scenario, seed, &plan, sweep::quick()).books.to_string()
}

#[test]
fn smoke() {
    insta::assert_snapshot!(books("smoke", 1));
}

#[test]
fn lost_answer() {
    insta::assert_snapshot!(books("lost_answer", 1));
}

#[test]
fn settlement_errors() {
    insta::assert_snapshot!(books("settlement_errors", 2));
}

#[test]
fn storm() {
    insta::assert_snapshot!(books("storm", 7));
}
