//! The three calls about one payment. Each has a deadline; each returns what it proved.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE},
    http::request::Builder,
};
use serde_json::json;

use super::{Verdict, judge_act, judge_read, reason, turned_away};
use crate::{
    executor::{operation::Operation, wire::Kind},
    transport::{Answer, CallError, HttpClient},
};

/// Toss Payments, as one merchant sees it.
#[derive(Clone)]
pub(in crate::executor) struct Psp {
    pub(super) http: HttpClient,
    base: String,
    authorization: String,
    deadline: Duration,
}

impl Psp {
    /// A client for the API at `base` with a merchant's secret key.
    pub(in crate::executor) fn new(
        http: HttpClient,
        base: &str,
        secret_key: &str,
        deadline: Duration,
    ) -> Self {
        // The colon stays and the password is empty: Toss answers 403 without it.
        let authorization = format!("Basic {}", BASE64_STANDARD.encode(format!("{secret_key}:")));
        Self { http, base: base.trim_end_matches('/').to_owned(), authorization, deadline }
    }

    /// Asks the PSP to do `operation`, under the operation's own idempotency key.
    pub(in crate::executor) async fn act(&self, operation: &Operation) -> Verdict {
        let (path, body) = match operation.kind {
            Kind::Confirm => (
                "/v1/payments/confirm".to_owned(),
                json!({
                    "paymentKey": operation.payment_key,
                    "orderId": operation.order_id,
                    "amount": operation.money.to_json_number(),
                }),
            ),
            Kind::Cancel => (
                format!("/v1/payments/{}/cancel", operation.payment_key),
                json!({ "cancelReason": "주문 처리 오류로 인한 자동 취소" }),
            ),
        };
        let request = self
            .request(Method::POST, &path)
            .header("idempotency-key", operation.idempotency_key())
            .header(CONTENT_TYPE, "application/json");
        let body = Bytes::from(body.to_string());
        self.exchange(operation, request, body, judge_act).await
    }

    /// Reads how the operation's payment stands.
    pub(in crate::executor) async fn read(&self, operation: &Operation) -> Verdict {
        let path = format!("/v1/payments/{}", operation.payment_key);
        let request = self.request(Method::GET, &path);
        self.exchange(operation, request, Bytes::new(), judge_read).await
    }

    pub(super) fn request(&self, method: Method, path: &str) -> Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(AUTHORIZATION, &self.authorization)
    }

    async fn exchange(
        &self,
        operation: &Operation,
        request: Builder,
        body: Bytes,
        judge: fn(&Operation, &Answer) -> Verdict,
    ) -> Verdict {
        let request = match request.body(Full::new(body)) {
            Ok(request) => request,
            // A payment key that cannot stand in a path cannot be the PSP's.
            Err(_) => {
                let message = "결제 정보를 찾을 수 없습니다.";
                return Verdict::Declined(reason("NOT_FOUND_PAYMENT", message));
            }
        };
        match self.http.send(request, self.deadline).await {
            Ok(answer) => turned_away(&answer).unwrap_or_else(|| judge(operation, &answer)),
            Err(CallError::NotSent(e)) => {
                Verdict::NotSent { reason: reason("NOT_SENT", e), retry_after: None }
            }
            Err(CallError::Unknown(e)) => Verdict::unknown("NO_ANSWER", e),
        }
    }
}
