//! Who may depend on whom. The product knows nothing of the simulation, the counterparty knows
//! nothing of us.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{Metadata, MetadataCommand, PackageId};

const OURS: [&str; 4] = ["hanbeon", "system", "fake-psp", "sim"];

/// What cargo knows of the workspace, for this machine's kind only: other kinds' packages need not
/// have been downloaded.
fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    let known = std::process::Command::new(std::env::var("CARGO").unwrap_or("cargo".into()))
        .args(["-vV"])
        .output()
        .expect("cargo can be started");
    let known = String::from_utf8_lossy(&known.stdout).into_owned();
    let host = known.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or(&target);
    command.other_options(["--filter-platform".to_owned(), host.to_owned()]);
    command.exec().expect("the manifests are valid")
}

/// Package → the names of those that it names in any of its dependency tables.
fn tables(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    let packages = metadata.workspace_packages().into_iter();
    packages
        .map(|package| {
            let named = package.dependencies.iter().map(|d| d.name.to_string());
            (package.name.to_string(), named.collect())
        })
        .collect()
}

/// Everything that `from` reaches, by normal, build or development dependencies of its own and
/// normal and build dependencies of what it reaches; each with the one through which.
fn reached(metadata: &Metadata, from: &str) -> BTreeMap<String, String> {
    let resolve = metadata.resolve.as_ref().expect("cargo resolves the workspace");
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|n| (&n.id, n)).collect();
    let name = |id: &PackageId| metadata[id].name.to_string();
    let packages = metadata.workspace_packages();
    let start = packages.iter().find(|p| p.name.as_str() == from).expect("one of ours");
    let mut found = BTreeMap::new();
    let mut open = vec![&start.id];
    while let Some(id) = open.pop() {
        for dependency in &nodes[id].deps {
            let next = &nodes[&dependency.pkg].id;
            if found.insert(name(next), name(id)).is_none() {
                open.push(next);
            }
        }
    }
    found
}

fn assert_reaches_none(metadata: &Metadata, from: &str, forbidden: &[&str], why: &str) {
    let found = reached(metadata, from);
    for package in forbidden {
        if let Some(through) = found.get(*package) {
            panic!("{from} reaches {package} through {through}: {why}");
        }
    }
    let tables = tables(metadata);
    // Optional dependencies are not reached, but stand in a table.
    for package in forbidden {
        assert!(!tables[from].contains(*package), "{from} names {package}: {why}");
    }
}

#[test]
fn the_product_knows_nothing_of_the_simulation() {
    let why = "the simulation must be something that the product cannot notice; \
               put what needs it into crates/sim";
    let forbidden = ["turmoil", "turmoil-net", "fake-psp", "sim", "hanbeon"];
    assert_reaches_none(&metadata(), "system", &forbidden, why);
}

#[test]
fn the_counterparty_knows_nothing_of_us() {
    let why = "any team may point its own integration at the fake; it must not share code, or \
               mistakes, with ours";
    let ours: Vec<&str> = OURS.into_iter().filter(|name| *name != "fake-psp").collect();
    assert_reaches_none(&metadata(), "fake-psp", &ours, why);
}

#[test]
fn only_the_root_depends_on_the_simulation() {
    let metadata = metadata();
    let tables = tables(&metadata);
    let names: Vec<&str> = tables.keys().map(String::as_str).collect();
    let mut ours = OURS;
    ours.sort_unstable();
    assert_eq!(names, ours, "a new package: say in this test what it may depend on");
    for (package, named) in &tables {
        assert!(
            package == "hanbeon" || !named.contains("sim"),
            "{package} depends on sim; only the root package's tests may"
        );
        assert!(!named.contains("hanbeon"), "{package} depends on the root package's test support");
    }
}

#[test]
fn a_forbidden_dependency_would_be_seen() {
    let found = reached(&metadata(), "sim");
    assert!(found.contains_key("system") && found.contains_key("turmoil-net"), "{found:?}");
}
