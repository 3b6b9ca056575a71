//! Where webhooks go, and those that are on their way.

use jiff::Timestamp;
use thiserror::Error;
use url::Url;

use super::FakePsp;
use crate::webhook::{Hook, Letter};

/// Why a webhook's URL is not taken, or a webhook not sent again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HookError {
    /// Nothing could be delivered there.
    #[error("`{0}` is no URL for webhooks; write http://… or https://…")]
    Url(String),
    /// Not registered.
    #[error("`{0}` is not registered; `GET /_fake/webhooks/urls` lists what is")]
    Unknown(String),
    /// No such webhook, or too long ago.
    #[error(
        "there is no webhook `{0}` among the last thousand; `GET /_fake/webhooks` lists them by id"
    )]
    NotFound(String),
}

/// Could a webhook be delivered there?
pub(super) fn is_deliverable(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

impl FakePsp {
    /// Where webhooks go.
    pub fn hooks(&self) -> Vec<Hook> {
        self.with(|_, world, _| world.hooks.clone())
    }

    /// Registers a URL, or changes which events it is told.
    ///
    /// # Errors
    /// When nothing could be delivered there.
    pub fn add_hook(&self, hook: Hook) -> Result<(), HookError> {
        if !is_deliverable(&hook.url) {
            return Err(HookError::Url(hook.url));
        }
        self.with(|_, world, _| {
            world.hooks.retain(|known| known.url != hook.url);
            world.hooks.push(hook);
        });
        Ok(())
    }

    /// Sends nothing to a URL any more. What is on its way stays so.
    ///
    /// # Errors
    /// When it is not registered.
    pub fn remove_hook(&self, url: &str) -> Result<(), HookError> {
        self.with(|_, world, _| {
            let before = world.hooks.len();
            world.hooks.retain(|known| known.url != url);
            let removed = world.hooks.len() < before;
            removed.then_some(()).ok_or_else(|| HookError::Unknown(url.to_owned()))
        })
    }

    /// Sends a webhook again by hand, as in Toss's console, whether it was acknowledged or not.
    /// The id is that of its transmission.
    ///
    /// # Errors
    /// When it is none of the last thousand webhooks.
    pub fn resend(&self, transmission_id: &str) -> Result<(), HookError> {
        let sent = self.with(|_, world, now| world.outbox.resend(transmission_id, now));
        sent.then_some(()).ok_or_else(|| HookError::NotFound(transmission_id.to_owned()))
    }

    pub(crate) fn take_due_letters(&self) -> (Vec<(u64, Letter)>, Option<Timestamp>) {
        self.with(|_, world, now| {
            let due = world.outbox.take_due(now);
            (due, world.next_event())
        })
    }

    pub(crate) fn settle_letter(&self, id: u64, outcome: Result<u16, String>) {
        let any_2xx = self.config().any_2xx_acknowledges;
        let acknowledged = match &outcome {
            Ok(200) => true,
            Ok(status) => any_2xx && (200..300).contains(status),
            Err(_) => false,
        };
        self.with(|_, world, now| world.outbox.settle(id, acknowledged, outcome, now));
        self.0.post_office.landed.notify_waiters();
    }

    pub(crate) fn abandon_flights(&self) {
        self.with(|_, world, now| world.outbox.abandon_flights(now));
    }
}
