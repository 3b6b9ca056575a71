//! Carries webhooks, and lets what is due happen even when nobody asks.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{task::JoinSet, time};

use super::{Deliver, Letter};
use crate::{
    FakePsp,
    clock::{iso, off, spell},
    security::signatures,
};

/// The merchant has to answer within this.
const LIMIT: Duration = Duration::from_secs(10);

/// Works for ever; dropping the future drops all deliveries on their way.
pub(crate) async fn work(psp: FakePsp, deliver: Arc<dyn Deliver>) {
    let mut flights = JoinSet::new();
    psp.abandon_flights();
    let _carrier = psp.carrier();
    loop {
        let (due, next) = psp.take_due_letters();
        psp.durable().await;
        for (id, letter) in due {
            let headers = headers(&psp, id, &letter);
            let sent = deliver.deliver(letter.url, headers, letter.body);
            flights.spawn(async move { (id, time::timeout(LIMIT, sent).await) });
        }
        tokio::select! {
            biased;
            Some(landed) = flights.join_next() => {
                let (id, answer) = landed.expect("a delivery does not panic");
                let outcome = match answer {
                    Ok(Ok(status)) => Ok(status),
                    Ok(Err(error)) => Err(error.0),
                    Err(_) => Err("no answer within 10 seconds".to_owned()),
                };
                psp.settle_letter(id, outcome);
            }
            () = psp.woken() => {}
            () = sleep_until(psp.now(), next) => {}
        }
    }
}

/// tokio's timers have a resolution of a millisecond: sleep at least one.
async fn sleep_until(now: Timestamp, next: Option<Timestamp>) {
    let Some(next) = next else { return std::future::pending().await };
    let wait = Duration::try_from(next.duration_since(now)).unwrap_or_default();
    time::sleep(wait.max(Duration::from_millis(1))).await;
}

fn headers(psp: &FakePsp, id: u64, letter: &Letter) -> Vec<(String, String)> {
    let transmission_id = if psp.config().stable_transmission_id || letter.retried == 0 {
        letter.transmission_id.clone()
    } else {
        let name = format!("psp/webhook/{}/{id}/{}", letter.transmission_id, letter.retried);
        format!("whtrans_a01{}", spell(psp.entropy().draw(&name), 10))
    };
    let time = iso(off(psp.now(), letter.clock_off_ms));
    let mut headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("tosspayments-webhook-transmission-time".to_owned(), time.clone()),
        ("tosspayments-webhook-transmission-retried-count".to_owned(), letter.retried.to_string()),
        ("tosspayments-webhook-transmission-id".to_owned(), transmission_id),
    ];
    let config = psp.config();
    if letter.event.is_signed() && !config.security_keys.is_empty() {
        let hex_decoded = config.signature_key_is_hex_decoded;
        let signed = if letter.wrong_signature { &[] } else { &letter.body[..] };
        let value = signatures(&config.security_keys, hex_decoded, signed, &time);
        headers.push(("tosspayments-webhook-signature".to_owned(), value));
    }
    headers
}
