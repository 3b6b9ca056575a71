//! Everything that can be set. A fact about Toss that nobody could verify is a switch here, with
//! the choice that seemed likeliest as its default.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{SecurityKey, SettlementCycle, korean_holidays, promotion::Promotions};

/// How this fake is set up. Build it with `Config { .., ..Config::default() }`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Secret keys that are known. Any other well-formed key gets 401 `UNAUTHORIZED_KEY`.
    pub secret_keys: Vec<String>,
    /// Where a browser reaches this fake; used in `checkout.url` and `receipt.url`.
    pub public_url: String,
    /// Where webhooks go. Each event goes to each URL. Empty: no webhooks.
    pub webhook_urls: Vec<String>,
    /// `mId` of every object.
    pub merchant_id: String,
    /// Toss's fee on an approval in hundredths of a per cent: 300 = 3.00 %.
    pub fee_permyriad: i64,
    /// `version` of the payment object.
    pub api_version: String,

    /// Minutes a buyer has between opening the window and authenticating; then EXPIRED.
    pub ready_minutes: i64,
    /// Minutes a merchant has between authentication and confirm; then EXPIRED.
    pub in_progress_minutes: i64,
    /// The smallest amount the window opens with (documented for cards: 100 KRW).
    pub minimum_amount: i64,

    /// Days an idempotency key stays bound, from its first use.
    pub idempotency_days: i64,
    /// UNVERIFIED: are 5xx answers bound to an idempotency key? Default no: asked again, the act
    /// is tried again.
    pub bind_5xx: bool,

    /// UNVERIFIED: the code for a confirm whose amount is not the authenticated one (that it is
    /// refused is confirmed by staff). Default `INVALID_REQUEST`.
    pub amount_mismatch_code: String,
    /// UNVERIFIED: the code for a confirm of an ABORTED payment. Default
    /// `NOT_FOUND_PAYMENT_SESSION`, as for any session that is over.
    pub confirm_of_aborted_code: String,
    /// UNVERIFIED: the code for a confirm of a payment that is DONE (or cancelled, or waits for its
    /// deposit) already. Default `ALREADY_PROCESSED_PAYMENT`, of the table.
    pub confirm_again_code: String,
    /// Sources conflict: may an order id have `=`? Default yes, as the SDK's page says.
    pub order_id_may_have_equals: bool,
    /// Sources conflict: the most characters of a customer key (50, 255, 300). Default 300, which
    /// the server takes.
    pub customer_key_length: usize,
    /// Sources conflict: has every payment a `secret`? Default yes, as measured; if not, only
    /// virtual accounts.
    pub secret_is_for_all: bool,
    /// Sources conflict: the code for a cancel of more than is left. Default
    /// `NOT_CANCELABLE_AMOUNT`, as measured; the overall list has `INVALID_REFUND_AMOUNT`.
    pub over_balance_code: String,
    /// Sources conflict: does a payment cancelled in parts become CANCELED with the last of them?
    /// Default no: PARTIAL_CANCELED with a balance of 0, as measured.
    pub last_part_makes_canceled: bool,
    /// UNVERIFIED: the code for a path that is none. Default `NOT_FOUND`.
    pub unknown_path_code: String,
    /// UNVERIFIED: does a method declined in the window abort the payment (and send its webhook)?
    /// Default yes. If not, it stays READY and the buyer may try again.
    pub decline_in_window_aborts: bool,
    /// UNVERIFIED: does a virtual account have `approvedAt` from its issue on? Default no: null
    /// until the deposit.
    pub account_issue_is_approval: bool,
    /// Sources conflict: the most hours that a virtual account waits for its deposit (`validHours`,
    /// `dueDate`). Default 2160, of the present reference; older documents say 720.
    pub account_longest_hours: i64,
    /// UNVERIFIED: minutes in which a billing window's `authKey` can be redeemed. Default 10, as
    /// between a payment's authentication and its confirm.
    pub auth_key_minutes: i64,
    /// UNVERIFIED: the code for an `authKey` that is unknown, used or too old. Default
    /// `INVALID_BILLING_AUTH`, of the overall list.
    pub bad_auth_key_code: String,
    /// Is the issue of a virtual account a transaction, of amount 0 and in WAITING_FOR_DEPOSIT?
    /// Default yes: a client's recorded list has one.
    pub account_issue_is_transaction: bool,
    /// UNVERIFIED: the code for the deletion of a billing key that never was. Default
    /// `NOT_FOUND_BILLING`, of the overall list.
    pub unknown_billing_key_code: String,
    /// UNVERIFIED: are cancels of billing payments announced by webhook? Their approvals are not.
    /// Default yes: the documents except approvals only.
    pub billing_cancels_are_announced: bool,
    /// Sources conflict: is PAYMENT_STATUS_CHANGED sent for WAITING_FOR_DEPOSIT too (a virtual
    /// account issued, a deposit reversed)? Default no: the documents list five other statuses.
    pub waiting_is_announced: bool,
    /// Business days until the refund of a virtual account reaches the buyer (about D+2).
    pub refund_business_days: u32,
    /// Minutes until the cancel of an overseas payment (FOREIGN_EASY_PAY) is done: IN_PROGRESS until
    /// then, with CANCEL_STATUS_CHANGED at the end. `None`: done at once. UNVERIFIED: how long, and
    /// that balance and status change only then. Default 1.
    pub overseas_cancel_minutes: Option<i64>,
    /// UNVERIFIED: does CANCEL_STATUS_CHANGED name `paymentKey` and `orderId` besides the fields of
    /// the cancel? Default yes.
    pub cancel_webhook_names_payment: bool,
    /// UNVERIFIED: the code for a cancel after the deposit that names no `refundReceiveAccount`.
    /// Default `INVALID_REFUND_ACCOUNT_INFO`.
    pub no_refund_account_code: String,
    /// Sources conflict: the code for a partial cancel of an escrow payment. Default
    /// `FAILED_INTERNAL_SYSTEM_PROCESSING`, a recorded answer, with its message; the table of
    /// cancel has `NOT_ALLOWED_PARTIAL_REFUND`.
    pub escrow_partial_cancel_code: String,
    /// UNVERIFIED: the code for a cancel that gives back more of the tax-free or tax-exempt amount
    /// than is left of it, or than it gives back in all. Default `INVALID_REQUEST`.
    pub cancel_tax_code: String,
    /// The merchant's business number on cash receipts, unless a request names another.
    pub business_number: String,
    /// Hours until the tax office has answered about a cash receipt: IN_PROGRESS to COMPLETED (or
    /// FAILED, for a buyer's number of zeros only). Documented: one or two days. Default 24.
    pub cash_receipt_hours: i64,
    /// UNVERIFIED: the code for the cancel of a cash receipt of which not so much is left (or
    /// nothing, or that is itself a cancel). Default `FORBIDDEN_REQUEST`, of the table.
    pub cash_receipt_cancel_code: String,
    /// What card companies take off prices, and instalments they pay for: samples in
    /// [`Config::korean`], nothing in [`Config::default`].
    pub promotions: Promotions,
    /// UNVERIFIED: can a payment be read before it was approved? Default yes; if not, 404.
    pub read_before_approval: bool,
    /// UNVERIFIED: the answer to a request without an Authorization header. Default
    /// `UNAUTHORIZED_KEY` (401).
    pub no_authorization_code: String,
    /// UNVERIFIED: is a password after the secret key's colon ignored? Default yes: it is documented
    /// as empty. If not, `UNAUTHORIZED_KEY`.
    pub password_is_ignored: bool,
    /// Must a payment be confirmed with a secret key of the set that its window's client key is of
    /// (both for tests or live, both of the widget or not)? Toss refuses others with
    /// `INVALID_API_KEY`. Default no: here one secret key goes with every page.
    pub key_sets_must_match: bool,
    /// UNVERIFIED: the code that comes with 429. Default `FORBIDDEN_CONSECUTIVE_REQUEST`, the one
    /// documented for repeated requests.
    pub too_many_code: String,

    /// How many requests a test key may make in a minute to each API; more get 429 with
    /// `Retry-After`. Toss documents 100. Default `None`: tests are not slowed down. Live keys have
    /// no such limit.
    pub test_requests_per_minute: Option<u32>,

    /// UNVERIFIED: the sign of `amount` on transactions of cancels. Default positive (`false`):
    /// a reader has to look at `status`.
    pub cancel_transactions_negative: bool,
    /// The largest `limit`/`size` of the lists (older documents say 10000).
    pub max_page: usize,
    /// UNVERIFIED: the code when `limit` or `size` is above that. Default
    /// `EXCEED_MAX_QUERY_LIMIT`.
    pub page_too_large_code: String,
    /// Sources conflict: the code for a `startingAfter` of the transactions that is none. Default
    /// `INVALID_TRANSACTION_KEY`; the overall list has `INVALID_PAGING_KEY`.
    pub unknown_cursor_code: String,

    /// UNVERIFIED: days after `soldDate` on which a settlement row can first be read. Default 1:
    /// in Korea, the day's sales are there the next morning.
    pub settlement_after_days: i64,
    /// Business days from `soldDate` to `paidOutDate` (a contract matter; D+2 in the examples).
    pub payout_business_days: u32,
    /// Which day counts as `soldDate` (a contract matter). Default: the day of the transaction.
    pub settlement_cycle: SettlementCycle,
    /// Has the merchant a contract for manual settlement? Then card payments are settled only when
    /// `POST /v1/settlements` asks for it. Default no: that is refused.
    pub manual_settlement: bool,
    /// UNVERIFIED: what the merchant pays for instalments without interest, in hundredths of a per
    /// cent of the amount and month; `INSTALLMENT` in `fees`. (`interestFee` is always 0.)
    pub installment_fee_permyriad: i64,
    /// UNVERIFIED: do the fees of a payment's partial cancels sum to the fee of its approval?
    /// Default no: each is rounded by itself, so that a won can be left over.
    pub cancel_fees_sum_to_zero: bool,
    /// Does `acquireStatus` of a card go on by itself: REQUESTED the next day, COMPLETED the next
    /// business day, likewise when cancelled? If not: READY, or CANCELED.
    pub card_acquisition: bool,
    /// Days on which banks do not pay out, besides Saturdays and Sundays: [`korean_holidays`] in
    /// [`Config::korean`], none in [`Config::default`].
    pub holidays: BTreeSet<Date>,
    /// Real test keys get an empty list of settlements. Default `false`: this fake is for tests
    /// of just that.
    pub test_keys_have_no_settlements: bool,

    /// Security keys, newest first: they open and close the encrypted bodies of payouts and sign
    /// their webhooks. Two while they are exchanged. Empty: no encryption, no signature.
    pub security_keys: Vec<SecurityKey>,
    /// UNVERIFIED: is the security key's text decoded from hexadecimal before it signs a webhook?
    /// Default yes, as one client does; if not, its 64 characters are the key.
    pub signature_key_is_hex_decoded: bool,
    /// UNVERIFIED: is a request whose body cannot be decrypted answered encrypted (with the newest
    /// key)? Default yes: merchants report such answers. If not, in the clear.
    pub unreadable_is_answered_encrypted: bool,
    /// UNVERIFIED: minutes by which `iat` of an encrypted body may differ from now. Default `None`:
    /// it is not compared, so that the fake's clock can be set forward.
    pub jwe_valid_minutes: Option<i64>,
    /// UNVERIFIED: is a `nonce` of an encrypted body refused the second time
    /// (`DUPLICATED_REQUEST`)? Default no.
    pub jwe_nonce_is_used_once: bool,
    /// UNVERIFIED: may `iat` have a fraction of a second? Default no: documented without.
    pub jwe_iat_may_have_fraction: bool,
    /// Won the merchant has with Toss from the start, so that payouts can be tried at once. With 0,
    /// money for sellers comes from settled payments only. Default 100,000,000.
    pub payout_starting_balance: i64,
    /// Minutes until a payout that is to be made at once goes to the bank and cannot be cancelled
    /// any more.
    pub payout_start_minutes: i64,
    /// Minutes the bank takes.
    pub payout_transfer_minutes: i64,
    /// UNVERIFIED: the most characters of a payout's `transactionDescription`. Default 7; one
    /// client has 20.
    pub transaction_description_length: usize,
    /// UNVERIFIED: does the request that asks for more in a week than a PARTIALLY_APPROVED seller
    /// may get make the seller KYC_REQUIRED? Default yes, as documented for version 1.
    pub weekly_limit_starts_kyc: bool,
    /// Minutes until a person has verified their identity: APPROVAL_REQUIRED to
    /// PARTIALLY_APPROVED. `None`: [`FakePsp::set_seller_status`](crate::FakePsp) does it.
    pub seller_verified_after_minutes: Option<i64>,
    /// Minutes until Toss has verified a seller: KYC_REQUIRED to APPROVED. `None`: as above.
    pub seller_kyc_after_minutes: Option<i64>,

    /// UNVERIFIED: does any 2xx acknowledge a webhook? Default no: the documents say 200.
    pub any_2xx_acknowledges: bool,
    /// UNVERIFIED: does a webhook keep its transmission id over retries? Default yes.
    pub stable_transmission_id: bool,

    /// Sources conflict: where the window is a frame in a page that gave URLs, does closing it lead
    /// to `failUrl` (with `PAY_PROCESS_CANCELED`)? Default no: the script's promise is rejected
    /// with `USER_CANCEL`, as the SDK's types say.
    pub closed_frame_goes_to_fail_url: bool,
    /// UNVERIFIED: is the widget's agreement ticked from the start? Default no.
    pub terms_start_agreed: bool,
}

impl Config {
    /// As [`Config::default`], with what goes by the calendar as in Korea: banks are closed on
    /// public holidays, and card companies buy sales day by day. And with some promotions.
    pub fn korean() -> Self {
        Self {
            holidays: korean_holidays(),
            card_acquisition: true,
            promotions: Promotions::samples(),
            ..Self::default()
        }
    }

    /// The client key that goes with the first secret key, for pages: `test_sk_a` has `test_ck_a`,
    /// `test_gsk_a` has `test_gck_a`.
    pub fn client_key(&self) -> String {
        let secret_key = self.secret_keys.first().map_or("", String::as_str);
        secret_key.replacen("sk_", "ck_", 1)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            secret_keys: vec!["test_sk_hanbeon".to_owned()],
            public_url: "http://127.0.0.1:9090".to_owned(),
            webhook_urls: Vec::new(),
            merchant_id: "tvivarepublica".to_owned(),
            fee_permyriad: 300,
            api_version: "2022-11-16".to_owned(),
            ready_minutes: 30,
            in_progress_minutes: 10,
            minimum_amount: 100,
            idempotency_days: 15,
            bind_5xx: false,
            amount_mismatch_code: "INVALID_REQUEST".to_owned(),
            confirm_again_code: "ALREADY_PROCESSED_PAYMENT".to_owned(),
            order_id_may_have_equals: true,
            customer_key_length: 300,
            secret_is_for_all: true,
            over_balance_code: "NOT_CANCELABLE_AMOUNT".to_owned(),
            last_part_makes_canceled: false,
            unknown_path_code: "NOT_FOUND".to_owned(),
            confirm_of_aborted_code: "NOT_FOUND_PAYMENT_SESSION".to_owned(),
            decline_in_window_aborts: true,
            account_issue_is_approval: false,
            account_longest_hours: 2160,
            auth_key_minutes: 10,
            bad_auth_key_code: "INVALID_BILLING_AUTH".to_owned(),
            account_issue_is_transaction: true,
            unknown_billing_key_code: "NOT_FOUND_BILLING".to_owned(),
            billing_cancels_are_announced: true,
            waiting_is_announced: false,
            refund_business_days: 2,
            overseas_cancel_minutes: Some(1),
            cancel_webhook_names_payment: true,
            no_refund_account_code: "INVALID_REFUND_ACCOUNT_INFO".to_owned(),
            escrow_partial_cancel_code: "FAILED_INTERNAL_SYSTEM_PROCESSING".to_owned(),
            cancel_tax_code: "INVALID_REQUEST".to_owned(),
            business_number: "1234567890".to_owned(),
            cash_receipt_hours: 24,
            cash_receipt_cancel_code: "FORBIDDEN_REQUEST".to_owned(),
            promotions: Promotions::default(),
            read_before_approval: true,
            no_authorization_code: "UNAUTHORIZED_KEY".to_owned(),
            password_is_ignored: true,
            key_sets_must_match: false,
            too_many_code: "FORBIDDEN_CONSECUTIVE_REQUEST".to_owned(),
            test_requests_per_minute: None,
            cancel_transactions_negative: false,
            max_page: 5000,
            page_too_large_code: "EXCEED_MAX_QUERY_LIMIT".to_owned(),
            unknown_cursor_code: "INVALID_TRANSACTION_KEY".to_owned(),
            settlement_after_days: 1,
            payout_business_days: 2,
            settlement_cycle: SettlementCycle::Daily,
            manual_settlement: false,
            installment_fee_permyriad: 50,
            cancel_fees_sum_to_zero: false,
            card_acquisition: false,
            holidays: BTreeSet::new(),
            test_keys_have_no_settlements: false,
            security_keys: vec!["fa4e".repeat(16).parse().expect("64 hexadecimal characters")],
            signature_key_is_hex_decoded: true,
            unreadable_is_answered_encrypted: true,
            jwe_valid_minutes: None,
            jwe_nonce_is_used_once: false,
            jwe_iat_may_have_fraction: false,
            payout_starting_balance: 100_000_000,
            payout_start_minutes: 1,
            payout_transfer_minutes: 1,
            transaction_description_length: 7,
            weekly_limit_starts_kyc: true,
            seller_verified_after_minutes: Some(1),
            seller_kyc_after_minutes: Some(10),
            any_2xx_acknowledges: false,
            stable_transmission_id: true,
            closed_frame_goes_to_fail_url: false,
            terms_start_agreed: false,
        }
    }
}
