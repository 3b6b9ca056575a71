//! The shop's clerk, who takes back an order that nobody has paid.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, header};
use tokio::time::sleep;

use super::{
    asking::About,
    buyer::{Buyer, PATIENCE, TRIES},
    hosts::TOKEN,
};
use crate::oracle::Asked;

impl Buyer {
    /// Voids an order some time after it was opened; again, if the shop does not answer, and once more
    /// when it has: nothing may come of that.
    pub(super) async fn void(&mut self, order_id: &str, after: Duration) {
        sleep(after).await;
        let mut clicks = 2;
        for _ in 0..TRIES {
            let url = format!("{}/v1/payments/{order_id}/void", self.url(self.replica));
            let request = Request::post(url)
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
                .body(Full::new(Bytes::from_static(br#"{"reason":"sold out"}"#)))
                .expect("a fixed URL");
            let asked_at = self.clock.now();
            let answer = self.http.send(request, PATIENCE).await.ok();
            let is_answered = answer.as_ref().is_some_and(|answer| answer.status.as_u16() < 500);
            let who = (Asked::Void, self.replica);
            self.note_payment(who, asked_at, About::order(order_id), answer.as_ref());
            clicks -= usize::from(is_answered);
            if clicks == 0 {
                return;
            }
            self.replica += 1;
            sleep(Duration::from_secs(5)).await;
        }
    }
}
