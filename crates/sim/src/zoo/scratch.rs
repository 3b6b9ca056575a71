//! The scratch copy of the tree: a folder with a target of its own, in which bugs are planted.
//!
//! A copy and not a git worktree: what is not committed yet is judged, too, and a tree without
//! git will do. Files that are the same are left alone, so that cargo builds only what changed;
//! taking a bug out is copying again, whatever happened before.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use super::patch::Patch;

/// What the workspace needs to be built. `.cargo` is found further up, because the copy lies
/// inside of the tree that it is of.
const PARTS: [&str; 5] = ["Cargo.toml", "Cargo.lock", "crates", "scenarios", "tests"];

/// The scratch copy.
#[derive(Debug)]
pub struct Scratch {
    root: PathBuf,
    /// Where the copy is.
    pub tree: PathBuf,
    target: PathBuf,
    /// The program built of the tree as it is, for comparison.
    pub control: PathBuf,
}

impl Scratch {
    /// Copies the tree at `root`: the first copy, or one of those beside it.
    ///
    /// # Errors
    /// If something cannot be read or written.
    pub fn new(root: &Path, nth: usize) -> Result<Self, String> {
        let root = root.canonicalize().map_err(|e| format!("{}: {e}", root.display()))?;
        let first = root.join("target/zoo-scratch");
        let control = first.join("sim-as-it-is");
        let home = if nth == 0 { first } else { first.join(format!("beside-{nth}")) };
        let (tree, target) = (home.join("tree"), home.join("target"));
        fs::create_dir_all(&tree).map_err(|e| format!("{}: {e}", tree.display()))?;
        let scratch = Self { root, tree, target, control };
        scratch.restore()?;
        Ok(scratch)
    }

    /// Takes over what another copy has built, if this one has nothing yet: then only our own crates
    /// are built once more. Without it they all are.
    pub fn warm(&self, other: &Self) {
        if self.target.exists() {
            return;
        }
        let mut copy = Command::new("cp");
        // With its times: cargo goes by them.
        copy.arg("-a").args([&other.target, &self.target]);
        let _ = run(copy);
    }

    /// Makes the copy equal to the tree again.
    ///
    /// # Errors
    /// If something cannot be read or written.
    pub fn restore(&self) -> Result<(), String> {
        for part in PARTS {
            mirror(&self.root.join(part), &self.tree.join(part))
                .map_err(|e| format!("cannot copy {part} to {}: {e}", self.tree.display()))?;
        }
        Ok(())
    }

    /// Plants a bug.
    ///
    /// # Errors
    /// If it does not apply to this tree: then nothing is changed.
    pub fn plant(&self, patch: &Patch) -> Result<(), String> {
        let path = self.root.join(&patch.path);
        let mut apply = Command::new("git");
        apply.arg("apply").arg(&path).current_dir(&self.tree);
        // Otherwise git would find the repository around the copy, and skip what is not in it.
        apply.env("GIT_CEILING_DIRECTORIES", self.tree.parent().unwrap_or(&self.tree));
        let output = run(apply)?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(format!("{} does not apply: {said}", patch.path.display()))
    }

    /// Builds `sim` of the copy as it stands; returns the program.
    ///
    /// # Errors
    /// With the compiler's first errors.
    pub fn build(&self) -> Result<PathBuf, String> {
        let output = run(self.cargo(&["build", "--package", "sim", "--bin", "sim"]))?;
        if output.status.success() {
            return Ok(self.target.join("zoo/sim"));
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let errors: Vec<_> =
            said.lines().skip_while(|l| !l.starts_with("error")).take(12).collect();
        Err(format!("does not compile:\n{}", errors.join("\n")))
    }

    /// Builds the tree as it is, and keeps the program beside those with bugs.
    ///
    /// # Errors
    /// If it does not compile.
    pub fn build_control(&self) -> Result<(), String> {
        let built = self.build().map_err(|e| format!("the tree itself {e}"))?;
        fs::copy(&built, &self.control).map_err(|e| e.to_string())?;
        Ok(())
    }

    /// Cargo in the copy, with the profile for many rebuilds.
    pub fn cargo(&self, args: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(args).args(["--quiet", "--profile", "zoo"]).current_dir(&self.tree);
        command.env("CARGO_TARGET_DIR", &self.target);
        command
    }
}

/// Runs a command to its end, with what it said.
///
/// # Errors
/// If it cannot be started.
pub fn run(mut command: Command) -> Result<Output, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).output().map_err(|e| format!("cannot run {name}: {e}"))
}

/// Makes `to` equal to `from`, a file or a folder, touching only what differs.
fn mirror(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        let wanted = fs::read(from)?;
        if fs::read(to).is_ok_and(|there| there == wanted) {
            return Ok(());
        }
        return fs::write(to, wanted);
    }
    fs::create_dir_all(to)?;
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        mirror(&from.join(&name), &to.join(&name))?;
        names.insert(name);
    }
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if !names.contains(&entry.file_name()) {
            match entry.file_type()?.is_dir() {
                true => fs::remove_dir_all(entry.path())?,
                false => fs::remove_file(entry.path())?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_takes_back_what_was_changed_and_keeps_what_is_the_same() {
        let home = std::env::temp_dir().join(format!("zoo-mirror-{}", std::process::id()));
        let (from, to) = (home.join("from"), home.join("to"));
        fs::create_dir_all(from.join("deep")).unwrap();
        fs::write(from.join("deep/a"), "a").unwrap();
        fs::write(from.join("b"), "b").unwrap();
        mirror(&from, &to).unwrap();
        let written = fs::metadata(to.join("b")).unwrap().modified().unwrap();
        fs::write(to.join("deep/a"), "planted").unwrap();
        fs::write(to.join("deep/new"), "planted").unwrap();
        mirror(&from, &to).unwrap();
        assert_eq!(fs::read(to.join("deep/a")).unwrap(), b"a");
        assert!(!to.join("deep/new").exists());
        assert_eq!(fs::metadata(to.join("b")).unwrap().modified().unwrap(), written);
        fs::remove_dir_all(home).unwrap();
    }

    #[test]
    fn a_copy_beside_takes_over_what_was_built_once() {
        let home = std::env::temp_dir().join(format!("zoo-warm-{}", std::process::id()));
        let copy = |name: &str| {
            let place = home.join(name);
            let (tree, target) = (place.join("tree"), place.join("target"));
            Scratch { root: home.clone(), tree, target, control: home.join("sim") }
        };
        let (first, beside) = (copy("first"), copy("beside"));
        fs::create_dir_all(first.target.join("zoo")).unwrap();
        fs::create_dir_all(home.join("beside")).unwrap();
        fs::write(first.target.join("zoo/lib"), "1").unwrap();
        beside.warm(&first);
        assert_eq!(fs::read(beside.target.join("zoo/lib")).unwrap(), b"1");
        fs::write(first.target.join("zoo/lib"), "2").unwrap();
        beside.warm(&first);
        assert_eq!(fs::read(beside.target.join("zoo/lib")).unwrap(), b"1");
        fs::remove_dir_all(home).unwrap();
    }
}
