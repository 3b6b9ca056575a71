//! What a buyer does in the PSP's window.

use std::time::Duration;

use hyper::header;
use tokio::time::sleep;

use super::{
    asking::About,
    browsing::form_request,
    buyer::{Buyer, PATIENCE, Redirect, TRIES},
    hosts::PSP,
};
use crate::{
    oracle::{Asked, Told},
    plan::{CARD, Habit},
};

impl Buyer {
    /// Pays in the PSP's window. `None`: the buyer left, was declined, or could not get there.
    pub(super) async fn pay(&mut self, order_id: &str) -> Option<Vec<Redirect>> {
        let tabs = if self.purchase.has(Habit::TwoTabs) { 2 } else { 1 };
        let mut back = Vec::new();
        for _ in 0..tabs {
            let window = self.open_window(order_id).await?;
            let deed = match () {
                () if self.purchase.has(Habit::CloseWindow) => "close",
                () if self.purchase.has(Habit::Declined) => "decline",
                () => "approve",
            };
            let asked_at = self.clock.now();
            let location = self.form(&format!("http://{PSP}{window}/{deed}"), "").await?;
            if deed != "approve" {
                if self.purchase.has(Habit::Browser) {
                    self.turn_back(order_id, &location).await;
                }
                return None;
            }
            let redirect = redirect(&location)?;
            let told = Told::Approved(redirect.payment_key.clone());
            self.note((Asked::Window, 0), asked_at, About::payment(&redirect), told);
            back.push(redirect);
        }
        Some(back)
    }

    async fn open_window(&mut self, order_id: &str) -> Option<String> {
        let mut form = format!(
            "orderId={order_id}&orderName={}&amount={}&currency={}\
             &successUrl=http://shop/success&failUrl=http://shop/fail",
            self.purchase.name,
            self.purchase.spell(self.purchase.total()),
            self.purchase.currency
        );
        if self.purchase.has(Habit::Browser) {
            form = self.order_form(order_id).await?;
        }
        if self.purchase.method != CARD {
            form.push_str(&format!("&method={}", self.purchase.method));
        }
        self.form(&format!("http://{PSP}/window/payments"), &form).await
    }

    /// Sends a form to the PSP's window, again if need be; returns where it redirects to.
    async fn form(&mut self, url: &str, form: &str) -> Option<String> {
        for _ in 0..TRIES {
            let answer = self.http.send(form_request(url, form), PATIENCE).await;
            let location = answer.ok().and_then(|answer| {
                let location = answer.headers.get(header::LOCATION)?.to_str().ok()?;
                Some(location.to_owned())
            });
            if location.is_some() {
                return location;
            }
            sleep(Duration::from_secs(4)).await;
        }
        None
    }
}

/// Reads the query of the success URL.
fn redirect(location: &str) -> Option<Redirect> {
    let url = url::Url::parse(location).ok()?;
    let find = |name: &str| {
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    Some(Redirect {
        payment_key: find("paymentKey")?,
        order_id: find("orderId")?,
        amount: find("amount")?,
    })
}
