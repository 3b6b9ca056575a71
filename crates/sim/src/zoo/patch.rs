//! A planted bug: a file `zoo/NN-name.patch`, its header and its diff.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use system::transport::did_you_mean;

/// Where planted bugs may be: what is judged, and nothing that judges.
const GROUND: &str = "crates/system/src/";

/// A planted bug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    pub number: u32,
    pub path: PathBuf,
    pub header: Header,
}

/// What a patch says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    /// What goes wrong, in a sentence.
    pub story: String,
    /// The guard that is gone.
    pub takes_away: String,
    /// Ids of the judges that ought to name it; empty if a test does, or if it does no harm.
    pub judges: Vec<String>,
    /// Tests that fail with it, in the words of [`super::hunt::Test`].
    pub tests: Vec<String>,
    /// Scenarios, in the order in which they are tried.
    pub scenarios: Vec<String>,
    /// Files of `tests/regressions`, without their ending, which must fail with it.
    pub regressions: Vec<String>,
    /// Why it does no harm by itself, and the number of the patch that takes away both guards.
    pub harmless: Option<(String, u32)>,
}

/// The header's lines, before they are checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    name: String,
    story: String,
    #[serde(rename = "takes away")]
    takes_away: String,
    #[serde(rename = "caught by")]
    caught_by: String,
    #[serde(default)]
    scenarios: String,
    #[serde(default)]
    regressions: String,
    #[serde(rename = "harmless because")]
    harmless_because: Option<String>,
    pair: Option<String>,
}

/// Reads every patch of a folder, by number.
///
/// # Errors
/// A sentence that names the file and says what is wrong with it.
pub fn load_all(folder: &Path) -> Result<Vec<Patch>, String> {
    let shown = folder.display();
    let entries = fs::read_dir(folder)
        .map_err(|e| format!("cannot read {shown}: {e}. Run from the project's root"))?;
    let mut paths: Vec<_> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "patch"));
    let mut patches = Vec::new();
    for path in paths {
        patches.push(load(&path).map_err(|e| format!("{}: {e}", path.display()))?);
    }
    patches.sort_by_key(|patch| patch.number);
    for pair in patches.windows(2) {
        if pair[0].number == pair[1].number {
            let (a, b) = (pair[0].path.display(), pair[1].path.display());
            return Err(format!("{a} and {b} have the same number; give one another"));
        }
    }
    check_pairs(&patches)?;
    Ok(patches)
}

/// A redundancy is proven only by a patch that is there and is to be caught.
fn check_pairs(patches: &[Patch]) -> Result<(), String> {
    let killed: BTreeSet<_> =
        patches.iter().filter(|p| p.header.harmless.is_none()).map(|p| p.number).collect();
    for patch in patches {
        match &patch.header.harmless {
            Some((_, pair)) if !killed.contains(pair) => {
                let path = patch.path.display();
                return Err(format!(
                    "{path}: `# pair: {pair}` must be the number of a patch that takes away both \
                     guards and is caught"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn load(path: &Path) -> Result<Patch, String> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let number = stem.split_once('-').and_then(|(number, _)| number.parse().ok());
    let number = number.ok_or("must be called NN-name.patch")?;
    let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let header = parse(&text)?;
    if stem.split_once('-').is_some_and(|(_, name)| name != header.name) {
        return Err(format!("is called otherwise inside: `{}`", header.name));
    }
    Ok(Patch { number, path: path.to_owned(), header })
}

/// Reads a patch's header, and checks where its diff goes.
fn parse(text: &str) -> Result<Header, String> {
    let mut fields = serde_json::Map::new();
    let is_diff = |line: &&str| line.starts_with("diff --git ") || line.starts_with("--- ");
    for line in text.lines().take_while(|line| !is_diff(line)).filter(|line| !line.is_empty()) {
        let field = line.strip_prefix("# ").and_then(|line| line.split_once(':'));
        let (key, value) =
            field.ok_or_else(|| format!("`{line}` is no header line such as `# name: …`"))?;
        if fields.insert(key.trim().to_owned(), value.trim().into()).is_some() {
            return Err(format!("`# {}: …` is there twice", key.trim()));
        }
    }
    check_ground(text)?;
    let lines: Lines = serde_json::from_value(fields.into())
        .map_err(|e| format!("header: {}", did_you_mean(&e.to_string())))?;
    lines.check()
}

fn check_ground(text: &str) -> Result<(), String> {
    let mut touched = 0;
    for line in text.lines() {
        let Some(path) = line.strip_prefix("--- ").or_else(|| line.strip_prefix("+++ ")) else {
            continue;
        };
        let inside = path.get(2..).is_some_and(|p| p.starts_with(GROUND) && !p.contains(".."));
        // `-- ` begins a comment in SQL: a removed one looks like the name of a file.
        if path.starts_with("a/") || path.starts_with("b/") || path.starts_with('/') {
            touched += 1;
            if !inside {
                return Err(format!("touches {path}; bugs are planted in {GROUND} only"));
            }
        }
    }
    if touched == 0 { Err("has no diff (`git diff -U2` makes one)".to_owned()) } else { Ok(()) }
}

impl Lines {
    fn check(self) -> Result<Header, String> {
        let (tests, judges): (Vec<_>, Vec<_>) =
            list(&self.caught_by).into_iter().partition(|by| by.starts_with("test:"));
        let tests: Vec<_> = tests.iter().map(|test| test["test:".len()..].to_owned()).collect();
        let scenarios = list(&self.scenarios);
        let none = judges == ["none"];
        let harmless = match (none, self.harmless_because, self.pair) {
            (true, Some(because), Some(pair)) => {
                let pair = pair.parse().map_err(|_| format!("`# pair: {pair}` is no number"))?;
                Some((because, pair))
            }
            (false, None, None) => None,
            _ => {
                return Err("`# caught by: none`, `# harmless because: …` and `# pair: NN` go \
                            together, or are not there"
                    .to_owned());
            }
        };
        if judges.is_empty() && tests.is_empty() {
            return Err("`# caught by: …` names no judge and no test:NAME".to_owned());
        }
        if scenarios.is_empty() && !judges.is_empty() {
            return Err("`# scenarios: …` must say where the judges are to see it".to_owned());
        }
        let judges = if none { Vec::new() } else { judges };
        let regressions = list(&self.regressions);
        let (name, story, takes_away) = (self.name, self.story, self.takes_away);
        Ok(Header { name, story, takes_away, judges, tests, scenarios, regressions, harmless })
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "--- a/crates/system/src/lib.rs\n+++ b/crates/system/src/lib.rs\n";

    fn with(lines: &str) -> Result<Header, String> {
        parse(&format!("# name: a\n# story: b\n# takes away: c: d\n{lines}\n{DIFF}"))
    }

    #[test]
    fn a_header_is_read() {
        let header = with(
            "# caught by: zero-sum, test:money\n# scenarios: smoke, storm\n# regressions: torn_read",
        )
        .unwrap();
        assert_eq!(header.takes_away, "c: d");
        assert_eq!((header.judges, header.tests), (vec!["zero-sum".into()], vec!["money".into()]));
        assert_eq!(header.scenarios, ["smoke", "storm"]);
        assert_eq!(header.regressions, ["torn_read"]);
        assert_eq!(header.harmless, None);
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest() {
        let error = with("# caught by: zero-sum\n# scenarois: smoke").unwrap_err();
        assert!(error.contains("scenarios"), "{error}");
    }

    #[test]
    fn harm_is_denied_only_with_a_reason_and_a_pair() {
        let reason = "# scenarios: smoke\n# harmless because: the key is unique";
        let header = with(&format!("# caught by: none\n{reason}\n# pair: 70")).unwrap();
        assert_eq!(header.harmless, Some(("the key is unique".to_owned(), 70)));
        assert!(header.judges.is_empty());
        assert!(with(&format!("# caught by: none\n{reason}")).is_err());
        assert!(with(&format!("# caught by: zero-sum\n{reason}\n# pair: 70")).is_err());
        assert!(with("# caught by: none\n# scenarios: smoke").is_err());
    }

    #[test]
    fn judges_cannot_be_bribed() {
        let text = "# name: a\n--- a/crates/sim/src/oracle/mod.rs\n+++ b/x\n";
        assert!(parse(text).unwrap_err().contains("crates/system/src/"));
        let text = "# name: a\n--- a/crates/system/src/../../sim/src/run.rs\n";
        assert!(parse(text).unwrap_err().contains("crates/system/src/"));
        let sql = format!("{DIFF}--- a comment of SQL that is taken out\n");
        assert!(check_ground(&sql).is_ok());
    }

    #[test]
    fn a_pair_must_be_there_and_be_caught() {
        let patch = |number, lines: &str| Patch {
            number,
            path: PathBuf::from("zoo/x.patch"),
            header: with(lines).unwrap(),
        };
        let none = "# caught by: none\n# scenarios: smoke\n# harmless because: x\n# pair: 2";
        let single = patch(1, none);
        let pair = patch(2, "# caught by: zero-sum\n# scenarios: smoke");
        assert!(check_pairs(&[single.clone(), pair]).is_ok());
        assert!(check_pairs(std::slice::from_ref(&single)).is_err());
        assert!(check_pairs(&[single, patch(2, none)]).is_err());
    }
}
