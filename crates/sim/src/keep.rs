//! Replay files: everything that a run depends on, kept without overwriting anything.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{plan::Plan, scenario::Scenario};

/// Everything that a run depends on, as a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Why it was kept.
    pub because: String,
    pub seed: u64,
    pub scenario: Scenario,
    pub plan: Plan,
}

impl Replay {
    /// Of a run.
    pub fn new(scenario: &Scenario, seed: u64, plan: &Plan, because: &str) -> Self {
        Self { because: because.to_owned(), seed, scenario: scenario.clone(), plan: plan.clone() }
    }

    fn text(&self) -> String {
        toml::to_string(self).expect("plans are TOML")
    }

    /// `scenario-seed-hash`, the hash over scenario and plan: another plan has another name.
    fn stem(&self) -> String {
        let told = Self { because: String::new(), ..self.clone() }.text();
        let hash = hex(&Sha256::digest(told)[..4]);
        let safe = |c: char| if c.is_alphanumeric() || "_-".contains(c) { c } else { '_' };
        let name: String = self.scenario.name.chars().map(safe).collect();
        format!("{name}-{}-{hash}", self.seed)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the replay file into `folder`; returns its path. A file of the name with other content,
/// one that was edited perhaps, stays as it is: the new one then has a number at its end.
///
/// # Errors
/// If the file cannot be written.
pub fn keep(folder: &Path, replay: &Replay) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let (stem, text) = (replay.stem(), replay.text());
    for number in 1.. {
        let name = if number == 1 { stem.clone() } else { format!("{stem}-{number}") };
        let path = folder.join(name + ".toml");
        if write_new(&path, &text)? {
            return Ok(path);
        }
    }
    unreachable!("a folder has an end")
}

/// Writes the replay file to a path of the user's; `force` overwrites whatever is there.
///
/// # Errors
/// A sentence, if there is another file already or it cannot be written.
pub fn save(path: &Path, replay: &Replay, force: bool) -> Result<(), String> {
    let shown = path.display();
    let text = replay.text();
    let written =
        if force { fs::write(path, &text).map(|()| true) } else { write_new(path, &text) };
    match written {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!(
            "{shown} exists and has other content: give another name, or --force to overwrite it"
        )),
        Err(e) => Err(format!("cannot write {shown}: {e}")),
    }
}

/// Whether the file has this text afterwards; an existing one with another is not touched.
fn write_new(path: &Path, text: &str) -> io::Result<bool> {
    match fs::File::create_new(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            Ok(fs::read(path)? == text.as_bytes())
        }
        Err(e) => Err(e),
    }
}
