//! What a shop does with tosspayments-rs 0.2.0. Its types are strict: an answer that lacks a field
//! or has an unknown code is an error there.

use fake_psp::{FakePsp, Running};
use serde_json::{Value, json};
use tosspayments::{
    Client, Error,
    api::{
        CancelPayment, CancelPaymentBody, ConfirmBilling, ConfirmBillingBody, ConfirmKeyinPayment,
        ConfirmPayment, GetPayment, IssueBillingByAuthKey, IssueBillingCustomerKeyBody,
        IssueCashReceipt, IssueVirtualAccount, ListTransactions, VirtualAccountCashReceipt,
    },
    data::{
        BankCode, CardCode, CashReceiptType, CashReceiptTypeForRequest, ErrorCode, Payment,
        PaymentMethod, PaymentStatus,
    },
};

/// A shop, its client and the fake.
struct Shop {
    toss: Running,
    client: Client,
}

impl Shop {
    async fn open() -> Self {
        let toss = FakePsp::start().await;
        let client = Client::from_url(toss.url(), toss.secret_key());
        Self { toss, client }
    }

    /// The buyer does something; the answer's JSON.
    async fn control(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/_fake{path}", self.toss.url());
        let answer = reqwest::Client::new().post(url).json(body).send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// A buyer has authenticated a payment: its key.
    async fn authenticated(&self, order_id: &str, amount: i32) -> String {
        let order = json!({"order_id": order_id, "order_name": "차 한 잔", "amount": amount});
        let payment = self.control("/payments", &order).await;
        let key = payment["payment_key"].as_str().expect("a key").to_owned();
        self.control(&format!("/payments/{key}/approve"), &json!({})).await;
        key
    }

    async fn confirm(&self, key: &str, order_id: &str, amount: i32) -> Result<Payment, Error> {
        let confirm = ConfirmPayment::builder()
            .payment_key(key.to_owned())
            .order_id(order_id.to_owned())
            .amount(amount)
            .build();
        self.client.execute(&confirm).await
    }

    async fn paid(&self, order_id: &str, amount: i32) -> Payment {
        let key = self.authenticated(order_id, amount).await;
        self.confirm(&key, order_id, amount).await.expect("it is confirmed")
    }

    async fn cancel(&self, key: &str, amount: Option<i32>) -> Result<Payment, Error> {
        let body = CancelPaymentBody::builder()
            .cancel_reason("변심".to_owned())
            .cancel_amount(amount)
            .build();
        let cancel = CancelPayment::builder()
            .payment_key(key.to_owned())
            .body(body)
            .idempotency_key(Some(format!("{key}-{amount:?}")))
            .build();
        self.client.execute(&cancel).await
    }
}

/// The code of a refusal, as the client understood it.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> (u16, ErrorCode) {
    match result.expect_err("it is refused") {
        Error::Tosspayments(error) => (error.http_status, error.code),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_card_is_charged_and_given_back() {
    let shop = Shop::open().await;
    let payment = shop.paid("order-0001", 15_000).await;
    assert_eq!(payment.status, PaymentStatus::Done);
    assert_eq!((payment.total_amount, payment.balance_amount), (15_000, 15_000));
    assert_eq!(payment.supplied_amount + payment.vat, 15_000);
    assert_eq!(payment.card.expect("paid by card").amount, 15_000);

    let part = shop.cancel(&payment.payment_key, Some(5_000)).await.expect("part of it");
    assert_eq!(part.status, PaymentStatus::PartialCanceled);
    let again = shop.cancel(&payment.payment_key, Some(5_000)).await.expect("a replay");
    assert_eq!(again.balance_amount, 10_000, "the same key gives back once");
    let all = shop.cancel(&payment.payment_key, None).await.expect("the rest");
    // Measured with the real one: it stays so, even with nothing left.
    assert_eq!((all.status, all.balance_amount), (PaymentStatus::PartialCanceled, 0));
    assert_eq!(all.cancels.expect("two").len(), 2);
    let over = refused(shop.cancel(&payment.payment_key, Some(1)).await);
    assert_eq!(over, (403, ErrorCode::NotCancelableAmount));
}

#[tokio::test]
async fn a_payment_is_found_by_either_id() {
    let shop = Shop::open().await;
    let payment = shop.paid("order-0001", 1_000).await;
    for question in [
        GetPayment::PaymentKey(payment.payment_key.clone()),
        GetPayment::OrderId("order-0001".to_owned()),
    ] {
        let found = shop.client.execute(&question).await.expect("it is there");
        assert_eq!(found.last_transaction_key, payment.last_transaction_key);
    }
    let missing = GetPayment::OrderId("order-none".to_owned());
    let missing = refused(shop.client.execute(&missing).await);
    assert_eq!(missing, (404, ErrorCode::NotFoundPayment));
}

#[tokio::test]
async fn refusals_are_understood() {
    let shop = Shop::open().await;
    let key = shop.authenticated("order-0001", 1_000).await;
    let (status, _) = refused(shop.confirm(&key, "order-0001", 999).await);
    assert_eq!(status, 400);
    shop.confirm(&key, "order-0001", 1_000).await.expect("the right amount");
    let twice = refused(shop.confirm(&key, "order-0001", 1_000).await);
    assert_eq!(twice, (400, ErrorCode::AlreadyProcessedPayment));
    let stranger = Client::from_url(shop.toss.url(), "test_sk_stranger");
    let question = GetPayment::PaymentKey(key);
    assert_eq!(refused(stranger.execute(&question).await), (401, ErrorCode::UnauthorizedKey));
}

#[tokio::test]
async fn a_lost_answer_is_found_by_asking() {
    let shop = Shop::open().await;
    let rules = json!({"rules": [{"on": {"endpoint": "confirm", "nth": 1}, "then": "act_then_close"}]});
    shop.control("/faults", &rules).await;
    let key = shop.authenticated("order-0001", 1_000).await;
    let lost = shop.confirm(&key, "order-0001", 1_000).await;
    assert!(matches!(lost, Err(Error::Reqwest(_))), "{lost:?}");
    let question = GetPayment::OrderId("order-0001".to_owned());
    let found = shop.client.execute(&question).await.expect("it was charged");
    assert_eq!(found.status, PaymentStatus::Done);
    assert_eq!(shop.toss.book().len(), 1);
}

#[tokio::test]
async fn cards_are_registered_and_charged() {
    let shop = Shop::open().await;
    let registration = json!({"customer_key": "customer-1"});
    let auth = shop.control("/billing-auths", &registration).await;
    let issue = IssueBillingByAuthKey::builder()
        .auth_key(auth["auth_key"].as_str().expect("a key").to_owned())
        .customer_key("customer-1".to_owned())
        .build();
    let by_window = shop.client.execute(&issue).await.expect("a billing key");
    assert_eq!(by_window.method, PaymentMethod::Card);
    let issue = IssueBillingCustomerKeyBody::builder()
        .customer_key("customer-1".to_owned())
        .card_number("9410001234567890".to_owned())
        .card_expiration_year("30".to_owned())
        .card_expiration_month("12".to_owned())
        .customer_identity_number("881212".to_owned())
        .build();
    let by_number = shop.client.execute(&issue).await.expect("another");
    for (n, billing) in [by_window, by_number].into_iter().enumerate() {
        let body = ConfirmBillingBody::builder()
            .amount(4_900)
            .customer_key("customer-1".to_owned())
            .order_id(format!("subscription-{n}"))
            .order_name("음악 구독".to_owned())
            .build();
        let charge =
            ConfirmBilling::builder().billing_key(billing.billing_key).body(body).build();
        let payment = shop.client.execute(&charge).await.expect("charged");
        assert_eq!((payment.status, payment.total_amount), (PaymentStatus::Done, 4_900));
    }
}

#[tokio::test]
async fn a_card_number_is_charged() {
    let shop = Shop::open().await;
    let charge = ConfirmKeyinPayment::builder()
        .amount(60_000)
        .order_id("order-0001".to_owned())
        .order_name("책".to_owned())
        .card_number("9410001234567890".to_owned())
        .card_expiration_year("30".to_owned())
        .card_expiration_month("12".to_owned())
        .customer_identity_number("881212".to_owned())
        .card_installment_plan(Some(3))
        .build();
    let payment = shop.client.execute(&charge).await.expect("charged");
    let card = payment.card.expect("paid by card");
    assert_eq!((payment.status, card.installment_plan_months), (PaymentStatus::Done, 3));
    assert_ne!(card.issuer_code, CardCode::토스뱅크);
}

#[tokio::test]
async fn a_virtual_account_waits_for_its_deposit() {
    let shop = Shop::open().await;
    let receipt = VirtualAccountCashReceipt::builder()
        .r#type(CashReceiptTypeForRequest::Consumer)
        .registration_number("01012345678".to_owned())
        .build();
    let issue = IssueVirtualAccount::builder()
        .amount(20_000)
        .order_id("order-0001".to_owned())
        .order_name("꽃".to_owned())
        .customer_name("김토스".to_owned())
        .bank(BankCode::신한은행)
        .valid_hours(Some(24))
        .cash_receipt(Some(receipt))
        .build();
    let payment = shop.client.execute(&issue).await.expect("an account");
    assert_eq!(payment.status, PaymentStatus::WaitingForDeposit);
    assert_eq!(payment.virtual_account.expect("it").bank_code, BankCode::신한은행);
    shop.control(&format!("/payments/{}/deposit", payment.payment_key), &json!({})).await;
    let question = GetPayment::PaymentKey(payment.payment_key);
    let paid = shop.client.execute(&question).await.expect("it is there");
    assert_eq!(paid.status, PaymentStatus::Done);
}

#[tokio::test]
async fn a_cash_receipt_is_issued() {
    let shop = Shop::open().await;
    let issue = IssueCashReceipt::builder()
        .amount(10_000)
        .order_id("order-0001".to_owned())
        .order_name("현금 판매".to_owned())
        .customer_identity_number("01012345678".to_owned())
        .r#type(CashReceiptType::Consumer)
        .build();
    let receipt = shop.client.execute(&issue).await.expect("a receipt");
    assert_eq!((receipt.amount, receipt.order_id.as_str()), (10_000, "order-0001"));
}

#[tokio::test]
async fn transactions_are_listed() {
    let shop = Shop::open().await;
    for n in 0..3 {
        shop.paid(&format!("order-{n:04}"), 1_000).await;
    }
    let list = ListTransactions::builder()
        .start_date("2020-01-01T00:00:00".to_owned())
        .end_date("2099-12-31T23:59:59".to_owned())
        .limit(Some(2))
        .build();
    let first = shop.client.execute(&list).await.expect("two of them");
    let after = first.last().map(|row| row.transaction_key.clone());
    let rest = ListTransactions { starting_after: after, ..list };
    let rest = shop.client.execute(&rest).await.expect("the third");
    assert_eq!((first.len(), rest.len()), (2, 1));
    assert_eq!(rest[0].order_id, "order-0002");
}
