//! What operators and accountants look at, in the middle of everything and when all is quiet.

use std::{cell::RefCell, time::Duration};

use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    cast::{Office, hosts},
    engine::Ctl,
    oracle::{Question, Violation, dead_letters, questions},
    plan::Plan,
    probes::{REST, TRIES, when_all_is_quiet, while_all_breaks},
    scenario::Cluster,
};

/// Into so many parts the rounds cut their phase.
const PARTS: u32 = 4;

/// The most pages that a list may have.
const PAGES: usize = 1000;

/// What was asked for and what was wrong with it.
#[derive(Default)]
pub(crate) struct Visits {
    visits: usize,
    judged: usize,
    found: Vec<Violation>,
    /// The dead letters that were last looked for and compared.
    dead: Value,
}

impl Visits {
    /// How many answers could be compared.
    pub(crate) fn looked(&self) -> usize {
        self.judged
    }

    /// What differed.
    pub(crate) fn found(&self) -> &[Violation] {
        &self.found
    }
}

/// The rounds while everything breaks, in a phase of some length that ends then.
pub(crate) async fn rounds(
    ctl: &Ctl,
    office: &Office,
    plan: &Plan,
    visits: &RefCell<Visits>,
    (end, length): (Instant, Duration),
) {
    for left in (1..PARTS).rev() {
        sleep_until(end - length * left / PARTS).await;
        visit(ctl, office, plan, visits, false).await;
    }
}

/// Who works on dead letters looks for them when there are others than the last time.
pub(crate) async fn look_for_dead_letters(
    ctl: &Ctl,
    office: &Office,
    plan: &Plan,
    visits: &RefCell<Visits>,
) {
    let question = dead_letters();
    let dead = question.answer(ctl);
    if dead.as_array().is_none_or(Vec::is_empty) || visits.borrow().dead == dead {
        return;
    }
    let url = url(&question, visits.borrow().judged, &plan.cluster);
    if let Looked::Compared(found) = look(ctl, office, &question, url).await {
        let mut visits = visits.borrow_mut();
        visits.judged += 1;
        visits.found.extend(found);
        visits.dead = dead;
    }
}

/// One round. `all_is_quiet`: then everything has to be answered.
pub(crate) async fn visit(
    ctl: &Ctl,
    office: &Office,
    plan: &Plan,
    visits: &RefCell<Visits>,
    all_is_quiet: bool,
) {
    visits.borrow_mut().visits += 1;
    let unready = match all_is_quiet {
        true => when_all_is_quiet(office, plan).await,
        false => while_all_breaks(ctl, office, plan).await,
    };
    visits.borrow_mut().found.extend(unready);
    for (n, question) in questions(ctl, ctl.now()).into_iter().enumerate() {
        let tries = if all_is_quiet { TRIES } else { 1 };
        for left in (0..tries).rev() {
            let replica = n + visits.borrow().visits + left;
            let url = url(&question, replica, &plan.cluster);
            if all_is_quiet {
                let let_in = stranger(office, &question, &url).await;
                visits.borrow_mut().found.extend(let_in);
            }
            match look(ctl, office, &question, url).await {
                Looked::Compared(found) => {
                    let mut visits = visits.borrow_mut();
                    visits.judged += 1;
                    visits.found.extend(found);
                    break;
                }
                Looked::Unheard if all_is_quiet && left == 0 => {
                    let unheard = question.refused("was not answered".to_owned());
                    visits.borrow_mut().found.push(unheard);
                }
                Looked::Unheard | Looked::Moved if left > 0 => sleep(REST).await,
                Looked::Unheard | Looked::Moved => {}
            }
        }
    }
}

/// What came of a question.
enum Looked {
    /// The books stood still meanwhile.
    Compared(Option<Violation>),
    /// They did not: what was shown is of no one moment.
    Moved,
    /// Nobody answered, or was able to.
    Unheard,
}

fn url(question: &Question, replica: usize, cluster: &Cluster) -> String {
    let urls = hosts::urls_of(question.service, cluster);
    format!("{}{}", urls[replica % urls.len()], question.path)
}

/// Somebody without the secret asks.
async fn stranger(office: &Office, question: &Question, url: &str) -> Option<Violation> {
    let (status, _) = office.ask(url.to_owned(), false).await?;
    let why = format!("was answered {status} to somebody without the secret");
    (status != 401).then(|| question.refused(why))
}

async fn look(ctl: &Ctl, office: &Office, question: &Question, url: String) -> Looked {
    let before = question.answer(ctl);
    let shown = match question.list {
        None => office.ask(url, true).await,
        Some(list) => pages(office, &url, list).await,
    };
    match shown {
        None | Some((503, _)) => Looked::Unheard,
        Some((200, shown)) if shown == before => Looked::Compared(None),
        _ if question.answer(ctl) != before => Looked::Moved,
        Some((200, shown)) => Looked::Compared(question.judge(&before, &shown)),
        Some((status, _)) => {
            Looked::Compared(Some(question.refused(format!("was answered {status}"))))
        }
    }
}

/// All items of a list, page by page.
async fn pages(office: &Office, url: &str, list: &str) -> Option<(u16, Value)> {
    let mut items = Vec::new();
    let mut after = None;
    for _ in 0..PAGES {
        let page = match &after {
            None => url.to_owned(),
            Some(after) => format!("{url}&after={after}"),
        };
        let (status, mut page) = office.ask(page, true).await?;
        if status != 200 {
            return Some((status, page));
        }
        match page[list].take() {
            Value::Array(more) => items.extend(more),
            other => items.push(other),
        }
        after = page["next"].as_str().map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    Some((200, Value::Array(items)))
}
