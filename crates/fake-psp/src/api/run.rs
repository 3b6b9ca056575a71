//! Carries out the verdict of the fault programme on one request.

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode},
    response::Response,
};
use jiff::Timestamp;
use tokio::time;

use super::{
    act::{self, Acted, Twist, show},
    answer::Answer,
    ask::Ask,
    confirm,
    error::Refusal,
};
use crate::{
    Endpoint, FakePsp, Verdict,
    clock::later,
    fault::clock_off,
    model::{Method, Payment},
    wire::{self, ClockOff, Fate},
    world::{Core, Duty, World},
};

/// One request on its way to an answer.
pub(super) struct Job {
    pub(super) ask: Ask,
    /// Its position in the log.
    pub(super) call: usize,
    /// The idempotency key to echo.
    pub(super) echo: Option<String>,
}

/// Acts as the verdict says and answers as the verdict says.
pub(super) async fn run(psp: &FakePsp, job: Job, verdict: Verdict) -> Response {
    if verdict == Verdict::Pass {
        let acted = job.act(psp, &Twist::Honest, &verdict);
        return job.respond(psp, acted);
    }
    // Boxed, so that not every request makes room for it.
    Box::pin(misbehave(psp, job, verdict)).await
}

async fn misbehave(psp: &FakePsp, job: Job, verdict: Verdict) -> Response {
    match verdict {
        Verdict::Refuse { code, status } => {
            let refusal = Refusal::with_status(code, status);
            let acted =
                psp.with(|core, world, now| act::refuse(core, world, &job.ask, now, &refusal));
            job.respond(psp, acted)
        }
        Verdict::TooMany { retry_after_s } => job.too_many(psp, retry_after_s),
        Verdict::Maintenance { code, status } => job.maintained(psp, code, status),
        Verdict::DropRequest => Fate::Close.response(),
        Verdict::Reset => Fate::Reset.response(),
        Verdict::HangBefore => std::future::pending().await,
        Verdict::Delay { ms } => job.act_after(psp, ms).await,
        Verdict::Hold { ms } => job.hold(psp, ms, None),
        Verdict::HoldThenDecline { ms, code } => job.hold(psp, ms, Some(code)),
        Verdict::Review => job.hold(psp, u64::MAX, None),
        Verdict::OtherInstead | Verdict::StaleInstead | Verdict::WrongEchoInstead { .. } => {
            job.lie(psp, &verdict)
        }
        verdict => {
            let twist = match &verdict {
                Verdict::Decline { code } => Twist::Decline(Refusal::new(code.as_str())),
                Verdict::ActWithoutBook | Verdict::ActOffBy { .. } => Twist::Unbooked,
                Verdict::StaleAnswer => Twist::WithoutNewest,
                Verdict::ListCut { keep } => Twist::CutTo(*keep as usize),
                _ => Twist::Honest,
            };
            let acted = job.act(psp, &twist, &verdict);
            job.after_acting(psp, acted, verdict).await
        }
    }
}

impl Job {
    fn act(&self, psp: &FakePsp, twist: &Twist, verdict: &Verdict) -> Acted {
        psp.with(|core, world, now| {
            let late_ms = if let Verdict::ActThenLate { ms } = verdict { *ms } else { 0 };
            let open_from = later(now, late_ms);
            let acted = act::act(core, world, &self.ask, now, twist, open_from);
            if acted.answer.is_success() {
                self.follow(core, world, now, verdict, acted.replayed);
            }
            acted
        })
    }

    /// What the verdict makes of a payment besides what was asked for.
    fn follow(
        &self,
        core: &Core,
        world: &mut World,
        now: Timestamp,
        verdict: &Verdict,
        replayed: bool,
    ) {
        let key = |world: &World| self.ask.payment(&world.store).map(|payment| payment.key.clone());
        match verdict {
            Verdict::ActTwice => {
                if let Some(key) = key(world) {
                    world.cheat(core, &key, now);
                }
            }
            Verdict::ActAgain { ms } if !replayed => {
                if let Some(key) = key(world) {
                    world.agenda.add(later(now, *ms), Duty::ChargesAgain(key));
                }
            }
            Verdict::ActOffBy { won } if !replayed => {
                if let Some(key) = key(world) {
                    world.take_off_by(core, &key, *won, now);
                }
            }
            Verdict::ConsoleCancel { ms, amount } if !replayed => {
                if let Some(key) = key(world) {
                    let duty = Duty::ConsoleCancel { key, amount: *amount };
                    world.agenda.add(later(now, *ms), duty);
                }
            }
            _ => {}
        }
    }

    /// The act is done; now for the answer.
    async fn after_acting(&self, psp: &FakePsp, acted: Acted, verdict: Verdict) -> Response {
        match verdict {
            Verdict::ActThenClose => Fate::Close.response(),
            Verdict::ActThenReset => Fate::Reset.response(),
            Verdict::ActThenHang => std::future::pending().await,
            Verdict::ActThenLate { ms } => {
                time::sleep(Duration::from_millis(ms)).await;
                self.respond(psp, acted)
            }
            Verdict::ActThenError { code, status } => {
                self.refuse(psp, &Refusal::with_status(code, status))
            }
            Verdict::ActThenCut => wire::cut(self.respond(psp, acted)).await,
            Verdict::Garbage => {
                let body = "<html><body><h1>502 Bad Gateway</h1></body></html>".into();
                self.respond(psp, instead(acted, |_| Answer { body, ..Answer::empty() }))
            }
            Verdict::SlowBody { ms } => wire::slow(self.respond(psp, acted), ms).await,
            Verdict::ClockOff { ms } => {
                let off = |answer: &Answer| Answer {
                    body: clock_off(&answer.body, ms),
                    ..answer.clone()
                };
                let is_readable = !acted.answer.sealed;
                let acted = if is_readable { instead(acted, off) } else { acted };
                let mut response = self.respond(psp, acted);
                response.extensions_mut().insert(ClockOff(ms));
                response
            }
            Verdict::StaleAnswer => self.respond(psp, self.stale(psp, acted)),
            Verdict::OtherAnswer => self.respond(psp, self.other(psp, acted)),
            Verdict::WrongEcho { field } => self.respond(psp, self.wrong_echo(psp, acted, field)),
            Verdict::AnswerTwice => {
                let mut response = self.respond(psp, acted);
                response.extensions_mut().insert(Fate::Twice);
                response
            }
            _ => self.respond(psp, acted),
        }
    }

    /// Waits, then acts. What has an effect is put in the queue of the world, so that it happens
    /// even if the client goes away or the process restarts meanwhile.
    async fn act_after(&self, psp: &FakePsp, ms: u64) -> Response {
        let queued = psp.with(|core, world, now| {
            if !self.ask.has_effect() || act::known(core, world, &self.ask, now).is_some() {
                return None;
            }
            Some(world.put_off(self.ask.clone(), now, later(now, ms), None, None))
        });
        let Some((id, answer)) = queued else {
            time::sleep(Duration::from_millis(ms)).await;
            let acted = self.act(psp, &Twist::Honest, &Verdict::Pass);
            return self.respond(psp, acted);
        };
        time::sleep(Duration::from_millis(ms)).await;
        psp.with(|core, world, _| world.run_late(core, id));
        let Ok(answer) = answer.await else {
            // The fake was reset meanwhile: it knows nothing of this request any more.
            return Fate::Close.response();
        };
        self.respond(psp, Acted { answer, replayed: false })
    }

    /// A confirm under review: 200 and IN_PROGRESS now, approved (or declined) later.
    fn hold(&self, psp: &FakePsp, ms: u64, decline: Option<String>) -> Response {
        let acted = psp.with(|core, world, now| {
            if let Some(acted) = act::known(core, world, &self.ask, now) {
                return acted;
            }
            if self.ask.endpoint() != Endpoint::Confirm {
                return act::act(core, world, &self.ask, now, &Twist::Honest, now);
            }
            let answer = match confirm::check(core, world, &self.ask) {
                Err(refusal) => return act::refuse(core, world, &self.ask, now, &refusal),
                Ok(key) => {
                    let (ask, held) = (self.ask.clone(), Some(key.clone()));
                    world.put_off(ask, now, later(now, ms), held, decline);
                    let payment = world.store.get(&key).expect("checked just now");
                    show(core, world, payment, self.ask.english)
                }
            };
            Acted { answer, replayed: false }
        });
        self.respond(psp, acted)
    }

    fn too_many(&self, psp: &FakePsp, retry_after_s: u64) -> Response {
        let config = psp.config();
        let code = config.too_many_code.as_str();
        let mut response = self.refuse(psp, &Refusal::with_status(code, Some(429)));
        response.headers_mut().insert("retry-after", HeaderValue::from(retry_after_s));
        response
    }

    /// Banks have hours in which they are closed; everything else is maintained.
    fn maintained(&self, psp: &FakePsp, code: Option<String>, status: Option<u16>) -> Response {
        let code = code.unwrap_or_else(|| {
            let by_bank = psp.with(|_, world, _| {
                let method = self.ask.payment(&world.store).map(Payment::method);
                matches!(method, Some(Method::Transfer | Method::VirtualAccount))
            });
            let by_bank = by_bank || self.ask.endpoint() == Endpoint::VirtualAccount;
            if by_bank { "NOT_AVAILABLE_BANK" } else { "MAINTAINED_METHOD" }.to_owned()
        });
        self.refuse(psp, &Refusal::with_status(code, status))
    }

    /// Answers an error without having acted.
    pub(super) fn refuse(&self, psp: &FakePsp, refusal: &Refusal) -> Response {
        let answer = psp.with(|core, _, now| self.ask.refused(core, now, refusal));
        self.respond(psp, Acted { answer, replayed: false })
    }

    /// Puts an answer into HTTP: trace id (on a replay the new and the first), echo of the key.
    pub(super) fn respond(&self, psp: &FakePsp, acted: Acted) -> Response {
        let Acted { answer, replayed } = acted;
        let traces = std::iter::once(self.ask.trace.clone()).chain(answer.first_trace);
        psp.with(|_, world, now| {
            // Not there any more if the fake was reset meanwhile.
            if let Some(call) = world.calls.get_mut(self.call) {
                call.answered(answer.status, answer.code, now);
                call.replayed = replayed;
            }
        });
        let is_empty = answer.body.is_empty();
        let mut response = Response::new(answer.body.into());
        *response.status_mut() =
            StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if !is_empty {
            let kind = match answer.sealed {
                true => "text/plain;charset=UTF-8",
                false => "application/json;charset=UTF-8",
            };
            headers.insert("content-type", HeaderValue::from_static(kind));
        }
        for trace in traces {
            let value = HeaderValue::try_from(trace).expect("a trace id is hexadecimal");
            headers.append("x-tosspayments-trace-id", value);
        }
        if let Some(echo) = self.echo.as_deref().and_then(|key| HeaderValue::try_from(key).ok()) {
            headers.insert("idempotency-key", echo);
        }
        response
    }
}

pub(super) fn instead(acted: Acted, answer: impl FnOnce(&Answer) -> Answer) -> Acted {
    Acted { answer: answer(&acted.answer), ..acted }
}
