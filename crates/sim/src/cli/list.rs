//! `sim list`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use sim::{scenario::Scenario, scenarios};

use super::{End, out::say};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A folder of scenario files; by default the built-in scenarios and those of ./scenarios/.
    folder: Option<PathBuf>,
    /// For machines.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<End, String> {
        let listed = match &self.folder {
            Some(folder) => read(folder)?,
            None => known()?,
        };
        if self.json {
            let rows = listed.values().map(
                |s| serde_json::json!({ "name": s.name, "about": s.about, "expect": s.expect }),
            );
            say(serde_json::Value::from_iter(rows))?;
            return Ok(End::Passed);
        }
        for (name, scenario) in listed {
            let expect = match scenario.is_canary() {
                true => format!(" (must break {})", scenario.expect),
                false => String::new(),
            };
            say(format!("{name:<22} {}{expect}", scenario.about))?;
        }
        Ok(End::Passed)
    }
}

/// Everything that can be run by its name: a file in `./scenarios/` goes before a built-in one.
pub(super) fn known() -> Result<BTreeMap<String, Scenario>, String> {
    let mut listed = BTreeMap::new();
    for (name, text) in scenarios::EMBEDDED {
        let scenario = Scenario::parse(name, text).map_err(|e| e.to_string())?;
        listed.insert((*name).to_owned(), scenario);
    }
    let folder = Path::new("scenarios");
    if folder.is_dir() {
        listed.extend(read(folder)?);
    }
    Ok(listed)
}

/// The scenarios of a folder, by their files' names.
fn read(folder: &Path) -> Result<BTreeMap<String, Scenario>, String> {
    let entries =
        std::fs::read_dir(folder).map_err(|e| format!("cannot read {}: {e}", folder.display()))?;
    let mut listed = BTreeMap::new();
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            listed.insert(name, Scenario::load(&path).map_err(|e| e.to_string())?);
        }
    }
    Ok(listed)
}
