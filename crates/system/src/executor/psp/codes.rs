//! Toss error codes as a table: what a code proves, and what the buyer is told.
//!
//! Decisions go by code, not by HTTP status: PROVIDER_ERROR is a 400 and passes, REFUND_REJECTED
//! is a 400 and stays. A code that is not here proves nothing. Who is owed money back is owed it
//! whatever the code: what is final for a confirm only spends a cancel's key.

/// What an error code proves about the operation it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It did not happen, and asking again would not help.
    Final,
    /// It did not happen now, or may have, or an earlier send did it: read the payment.
    Open,
}

/// What the table says of a code: proof, and the text for the buyer.
pub(crate) fn lookup(code: &str) -> (Proof, &'static str) {
    match TABLE.binary_search_by_key(&code, |row| row.0) {
        Ok(row) => (TABLE[row].1, TABLE[row].2),
        Err(_) => (Proof::Open, CHECKING),
    }
}

const CARD: &str = "카드사에서 결제를 승인하지 않았습니다. 다른 카드로 다시 시도해 주세요.";
const BALANCE: &str = "잔액 또는 한도가 부족합니다. 다른 결제 수단을 이용해 주세요.";
const CARD_DATA: &str = "카드 정보를 다시 확인해 주세요.";
const LIMIT: &str = "결제 한도를 초과했습니다. 다른 결제 수단을 이용해 주세요.";
const ACCOUNT: &str = "계좌 정보를 다시 확인해 주세요.";
const INSTALMENT: &str = "할부 조건을 다시 확인해 주세요.";
const SESSION: &str = "결제 시간이 만료되었습니다. 처음부터 다시 결제해 주세요.";
const SHOP: &str = "상점 설정 문제로 결제할 수 없습니다. 상점에 문의해 주세요.";
const LATER: &str = "일시적인 오류입니다. 잠시 후 결과를 다시 확인해 주세요.";
const CHECKING: &str = "결제 결과를 확인하고 있습니다. 잠시만 기다려 주세요.";
const REFUND: &str = "환불할 수 없는 결제입니다. 고객센터에 문의해 주세요.";

/// Sorted by code (a test holds the order).
const TABLE: &[(&str, Proof, &str)] = &[
    ("ALREADY_CANCELED_PAYMENT", Proof::Open, CHECKING),
    ("ALREADY_COMPLETED_PAYMENT", Proof::Open, CHECKING),
    ("ALREADY_PROCESSED_PAYMENT", Proof::Open, CHECKING),
    ("ALREADY_REFUNDING_PAYMENT", Proof::Open, CHECKING),
    ("ALREADY_REFUND_PAYMENT", Proof::Open, CHECKING),
    ("BELOW_MINIMUM_AMOUNT", Proof::Final, "결제 최소 금액보다 적은 금액입니다."),
    ("BELOW_ZERO_AMOUNT", Proof::Final, SHOP),
    ("CARD_PROCESSING_ERROR", Proof::Open, LATER),
    ("COMMON_ERROR", Proof::Open, CHECKING),
    ("DUPLICATED_ORDER_ID", Proof::Final, "이미 결제된 주문입니다."),
    ("EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT", Proof::Final, REFUND),
    ("EXCEED_CANCEL_LIMIT", Proof::Open, LATER),
    ("EXCEED_MAX_AMOUNT", Proof::Final, LIMIT),
    ("EXCEED_MAX_AUTH_COUNT", Proof::Final, CARD),
    ("EXCEED_MAX_CARD_INSTALLMENT_PLAN", Proof::Final, INSTALMENT),
    ("EXCEED_MAX_DAILY_PAYMENT_COUNT", Proof::Final, LIMIT),
    ("EXCEED_MAX_MONTHLY_PAYMENT_AMOUNT", Proof::Final, LIMIT),
    ("EXCEED_MAX_ONE_DAY_AMOUNT", Proof::Final, LIMIT),
    ("EXCEED_MAX_ONE_DAY_WITHDRAW_AMOUNT", Proof::Final, LIMIT),
    ("EXCEED_MAX_ONE_TIME_WITHDRAW_AMOUNT", Proof::Final, LIMIT),
    ("EXCEED_MAX_PAYMENT_AMOUNT", Proof::Final, LIMIT),
    ("EXCEED_MAX_REFUND_DUE", Proof::Final, REFUND),
    ("FAILED_INTERNAL_SYSTEM_PROCESSING", Proof::Open, CHECKING),
    ("FAILED_METHOD_HANDLING_CANCEL", Proof::Open, CHECKING),
    ("FAILED_PARTIAL_REFUND", Proof::Open, CHECKING),
    ("FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING", Proof::Open, CHECKING),
    ("FAILED_REFUND_PROCESS", Proof::Open, CHECKING),
    ("FDS_ERROR", Proof::Final, "위험 거래가 감지되어 결제가 제한되었습니다."),
    ("FORBIDDEN_BANK_REFUND_REQUEST", Proof::Final, REFUND),
    ("FORBIDDEN_CONSECUTIVE_REQUEST", Proof::Open, LATER),
    ("FORBIDDEN_REQUEST", Proof::Open, SHOP),
    ("IDEMPOTENT_REQUEST_PROCESSING", Proof::Open, CHECKING),
    ("INCORRECT_BASIC_AUTH_FORMAT", Proof::Open, SHOP),
    ("INVALID_ACCOUNT_INFO_RE_REGISTER", Proof::Final, ACCOUNT),
    ("INVALID_API_KEY", Proof::Open, SHOP),
    ("INVALID_AUTHORIZE_AUTH", Proof::Final, CARD),
    ("INVALID_BANK", Proof::Final, ACCOUNT),
    ("INVALID_CARD_EXPIRATION", Proof::Final, CARD_DATA),
    ("INVALID_CARD_INSTALLMENT_PLAN", Proof::Final, INSTALMENT),
    ("INVALID_CARD_LOST_OR_STOLEN", Proof::Final, CARD),
    ("INVALID_CARD_NUMBER", Proof::Final, CARD_DATA),
    ("INVALID_IDEMPOTENCY_KEY", Proof::Open, SHOP),
    ("INVALID_PASSWORD", Proof::Final, "결제 비밀번호가 일치하지 않습니다."),
    ("INVALID_REFUND_ACCOUNT_INFO", Proof::Final, REFUND),
    ("INVALID_REFUND_ACCOUNT_NUMBER", Proof::Final, REFUND),
    ("INVALID_REJECT_CARD", Proof::Final, CARD),
    ("INVALID_REQUEST", Proof::Final, SHOP),
    ("INVALID_STOPPED_CARD", Proof::Final, CARD),
    ("INVALID_UNREGISTERED_SUBMALL", Proof::Final, SHOP),
    ("MAINTAINED_METHOD", Proof::Open, LATER),
    ("NOT_ALLOWED_PARTIAL_REFUND", Proof::Final, REFUND),
    ("NOT_ALLOWED_POINT_USE", Proof::Final, "포인트를 사용할 수 없는 카드입니다."),
    ("NOT_AVAILABLE_BANK", Proof::Open, LATER),
    ("NOT_AVAILABLE_PAYMENT", Proof::Open, LATER),
    ("NOT_CANCELABLE_AMOUNT", Proof::Open, CHECKING),
    ("NOT_CANCELABLE_PAYMENT", Proof::Final, REFUND),
    ("NOT_CANCELABLE_PAYMENT_FOR_DORMANT_USER", Proof::Final, REFUND),
    ("NOT_FOUND", Proof::Final, SESSION),
    ("NOT_FOUND_PAYMENT", Proof::Final, SESSION),
    ("NOT_FOUND_PAYMENT_SESSION", Proof::Final, SESSION),
    ("NOT_FOUND_TERMINAL_ID", Proof::Final, SHOP),
    ("NOT_MATCHES_REFUNDABLE_AMOUNT", Proof::Open, CHECKING),
    ("NOT_REGISTERED_BUSINESS", Proof::Final, SHOP),
    ("NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT", Proof::Final, INSTALMENT),
    ("NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN", Proof::Final, INSTALMENT),
    ("PROVIDER_ERROR", Proof::Open, LATER),
    ("REFUND_REJECTED", Proof::Final, REFUND),
    ("REJECT_ACCOUNT_PAYMENT", Proof::Final, BALANCE),
    ("REJECT_CARD_COMPANY", Proof::Final, CARD),
    ("REJECT_CARD_PAYMENT", Proof::Final, BALANCE),
    ("REJECT_TOSSPAY_INVALID_ACCOUNT", Proof::Final, ACCOUNT),
    ("RESTRICTED_TRANSFER_ACCOUNT", Proof::Final, ACCOUNT),
    ("TOO_MANY_REQUESTS", Proof::Open, LATER),
    ("UNAPPROVED_ORDER_ID", Proof::Final, SHOP),
    ("UNAUTHORIZED_KEY", Proof::Open, SHOP),
    ("UNKNOWN_ERROR", Proof::Open, CHECKING),
    ("UNKNOWN_PAYMENT_ERROR", Proof::Open, CHECKING),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_no_code_twice() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} stands before {}", pair[0].0, pair[1].0);
        }
    }

    #[test]
    fn an_unknown_code_proves_nothing() {
        assert_eq!(lookup("A_CODE_OF_NEXT_YEAR").0, Proof::Open);
    }

    #[test]
    fn the_status_does_not_decide() {
        // Both are a 400, and so is the next a 403.
        assert_eq!(lookup("PROVIDER_ERROR").0, Proof::Open);
        assert_eq!(lookup("REFUND_REJECTED").0, Proof::Final);
        assert_eq!(lookup("FORBIDDEN_CONSECUTIVE_REQUEST").0, Proof::Open);
    }
}
