//! The kill matrix: what became of each planted bug, as a page that can be read and updated.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    hunt::{Catch, Hunted},
    patch::Patch,
};

/// The last six columns of a patch's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    judge: String,
    /// Where it was caught, or all that it survived.
    pub scenario: String,
    seed: String,
    share: String,
    cpu_s: String,
    note: String,
}

/// How a patch fared against what its header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Caught by a judge or a test that ought to.
    Killed,
    /// Caught, but not by one that ought to.
    KilledByAnother,
    /// Not caught, and the header says why that does no harm.
    Harmless,
    /// Not caught, and nobody knows why.
    Survived,
    /// Caught, although the header says that it does no harm.
    HarmfulAfterAll,
    /// Caught, but a regression that is kept against it passes: that one proves nothing.
    RegressionIsBlind,
}

/// A survivor's mark in the column of judges.
const SURVIVED: &str = "**survived**";
const HARMLESS: &str = "none";

const HEAD: &str = "| no | bug | caught by | scenario | first seed | failing seeds | CPU s | note |\n\
                    |---:|---|---|---|---:|---:|---:|---|\n";

impl Standing {
    /// Of a patch after its hunt.
    pub fn of(patch: &Patch, hunted: &Hunted) -> Self {
        let header = &patch.header;
        match (&hunted.caught, &header.harmless) {
            (None, Some(_)) => Standing::Harmless,
            (None, None) => Standing::Survived,
            (Some(_), _) if !hunted.blind.is_empty() => Standing::RegressionIsBlind,
            (Some(_), Some(_)) => Standing::HarmfulAfterAll,
            (Some(Catch { judges, .. }), None) => {
                let expected = |judge: &String| match judge.strip_prefix("test:") {
                    Some(test) => header.tests.iter().any(|t| t == test),
                    None => header.judges.contains(judge),
                };
                if judges.iter().any(expected) {
                    Standing::Killed
                } else {
                    Standing::KilledByAnother
                }
            }
        }
    }

    /// Whether the zoo has failed.
    pub fn is_failure(self) -> bool {
        matches!(self, Standing::Survived | Standing::RegressionIsBlind)
    }
}

impl Row {
    /// Of a patch after its hunt.
    pub fn new(patch: &Patch, hunted: &Hunted) -> Self {
        let header = &patch.header;
        let note = match (Standing::of(patch, hunted), &header.harmless) {
            (Standing::RegressionIsBlind, _) => {
                format!("**passes with it**: regression {}", hunted.blind.join(", "))
            }
            (Standing::Harmless, Some((because, pair))) => format!("{because}; both: {pair}"),
            (Standing::HarmfulAfterAll, _) => "its header says that it does no harm".to_owned(),
            (Standing::KilledByAnother, _) => {
                let tests = header.tests.iter().map(|test| format!("test:{test}"));
                let wanted: Vec<_> = header.judges.iter().cloned().chain(tests).collect();
                format!("expected: {}", wanted.join(", "))
            }
            _ if header.regressions.is_empty() => String::new(),
            _ => format!("regression {}", header.regressions.join(", ")),
        };
        // A bar would end the column.
        let note = note.replace('|', "/");
        let Some(caught) = &hunted.caught else {
            let judge = if header.harmless.is_some() { HARMLESS } else { SURVIVED }.to_owned();
            let (scenario, seed) = (header.scenarios.join(", "), String::new());
            return Self {
                judge,
                scenario,
                seed,
                share: String::new(),
                cpu_s: String::new(),
                note,
            };
        };
        let (scenario, seed) = caught
            .place
            .as_ref()
            .map_or_else(Default::default, |(scenario, seed)| (scenario.clone(), seed.to_string()));
        Self {
            judge: caught.judges.join(", "),
            scenario,
            seed,
            share: format!("{} of {}", caught.share.0, caught.share.1),
            cpu_s: caught.cpu_s.map_or_else(String::new, |s| format!("{s:.1}")),
            note,
        }
    }

    /// Whether every seed that was tried caught it, so that any of them must catch it again.
    pub fn is_settled(&self) -> bool {
        self.share.split_once(" of ").is_some_and(|(failing, tried)| failing == tried)
    }

    fn cells(&self) -> [&str; 6] {
        [&self.judge, &self.scenario, &self.seed, &self.share, &self.cpu_s, &self.note]
    }
}

/// The rows of a page written earlier, by number and name: a bug of another name is another bug.
pub fn read(page: &str) -> BTreeMap<(u32, String), Row> {
    let row = |line: &str| {
        let inner = line.strip_prefix('|')?.strip_suffix('|')?;
        let mut cells = inner.split('|').map(|cell| cell.trim().to_owned());
        let number = cells.next()?.parse().ok()?;
        let name = cells.next()?;
        let [judge, scenario, seed, share, cpu_s, note] =
            <[String; 6]>::try_from(cells.collect::<Vec<_>>()).ok()?;
        let tried = !judge.is_empty();
        tried.then_some(((number, name), Row { judge, scenario, seed, share, cpu_s, note }))
    };
    page.lines().filter_map(row).collect()
}

/// The page: every patch with what is known of its fate, and a summary.
pub fn page(patches: &[Patch], rows: &BTreeMap<(u32, String), Row>) -> String {
    let mut table = HEAD.to_owned();
    let (mut killed, mut harmless, mut survived) = (0, 0, 0);
    for patch in patches {
        let name = &patch.header.name;
        let row = rows.get(&(patch.number, name.clone()));
        match row.map(|row| &*row.judge) {
            Some(SURVIVED) => survived += 1,
            Some(HARMLESS) => harmless += 1,
            Some(_) => killed += 1,
            None => {}
        }
        let cells = row.map_or(["", "", "", "", "", "not tried yet"], Row::cells);
        let _ = writeln!(table, "| {} | {name} | {} |", patch.number, cells.join(" | "));
    }
    let untried = patches.len() - killed - harmless - survived;
    format!(
        "# The kill matrix\n\n\
         Bugs are planted into `crates/system`, one at a time, and scenarios are swept until a judge names\n\
         the bug. `cargo sim zoo` writes this page; what each bug is, and which story it tells, is in\n\
         [zoo/README.md](../zoo/README.md).\n\n\
         Of {} bugs, {killed} were caught and {survived} survived; {harmless} do no harm by themselves, because \
         another guard\nholds (the patch that takes away both is named); {untried} were not tried yet.\n\n\
         *Caught by* is what broke on the first failing seed, in the order of [invariants.md](invariants.md). *Failing seeds* is of \
         those tried:\na hunt ends with the first failing one, unless `--share` was given. \
         *CPU s* is the time of the simulation until then, without builds.\n\n{table}",
        patches.len()
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::zoo::patch::Header;

    fn patch(number: u32, harmless: Option<(String, u32)>) -> Patch {
        let judges = if harmless.is_some() { vec![] } else { vec!["zero-sum".to_owned()] };
        let header = Header {
            name: format!("bug-{number}"),
            story: String::new(),
            takes_away: String::new(),
            judges,
            tests: vec!["money".to_owned()],
            scenarios: vec!["smoke".to_owned(), "storm".to_owned()],
            regressions: vec![],
            harmless,
        };
        Patch { number, path: PathBuf::from("zoo/x.patch"), header }
    }

    fn hunted(judge: Option<&str>) -> Hunted {
        let place = Some(("storm".to_owned(), 7));
        let catch = |judge: &str| Catch {
            judges: vec![judge.to_owned()],
            place: place.clone(),
            share: (2, 10),
            cpu_s: Some(1.25),
        };
        Hunted { caught: judge.map(catch), blind: vec![] }
    }

    #[test]
    fn a_patch_stands_as_it_was_caught() {
        let (bug, twin) = (patch(1, None), patch(2, Some(("x".to_owned(), 3))));
        let standing = |patch, judge| Standing::of(patch, &hunted(judge));
        assert_eq!(standing(&bug, Some("zero-sum")), Standing::Killed);
        assert_eq!(standing(&bug, Some("test:money")), Standing::Killed);
        assert_eq!(standing(&bug, Some("liveness")), Standing::KilledByAnother);
        assert_eq!(standing(&bug, None), Standing::Survived);
        assert_eq!(standing(&twin, None), Standing::Harmless);
        assert_eq!(standing(&twin, Some("zero-sum")), Standing::HarmfulAfterAll);
        assert!(standing(&bug, None).is_failure() && !standing(&twin, None).is_failure());
    }

    #[test]
    fn a_regression_that_passes_with_its_bug_is_a_failure() {
        let blind = Hunted { blind: vec!["torn_read".to_owned()], ..hunted(Some("zero-sum")) };
        let standing = Standing::of(&patch(1, None), &blind);
        assert_eq!(standing, Standing::RegressionIsBlind);
        assert!(standing.is_failure());
        assert!(Row::new(&patch(1, None), &blind).note.contains("torn_read"));
    }

    #[test]
    fn a_page_is_read_as_it_was_written() {
        let patches =
            [patch(1, None), patch(2, Some(("a|b".to_owned(), 1))), patch(3, None), patch(4, None)];
        let mut rows = BTreeMap::new();
        for (patch, judge) in patches.iter().zip([Some("liveness"), None, None]) {
            let row = Row::new(patch, &hunted(judge));
            rows.insert((patch.number, patch.header.name.clone()), row);
        }
        let page = page(&patches, &rows);
        assert_eq!(read(&page), rows);
        assert!(page.contains("Of 4 bugs, 1 were caught and 1 survived; 1 do no harm"), "{page}");
        assert!(page.contains("| 1 | bug-1 | liveness | storm | 7 | 2 of 10 | 1.2 | expected: zero-sum, test:money |"), "{page}");
        assert!(page.contains("a/b; both: 1") && page.contains("1 were not tried yet"), "{page}");
    }
}
