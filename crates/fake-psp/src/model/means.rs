//! What the buyer pays with.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of means, as `method` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Method {
    Card,
    Transfer,
    EasyPay,
    MobilePhone,
    VirtualAccount,
    CultureGiftCertificate,
    BookGiftCertificate,
    GameGiftCertificate,
    ForeignEasyPay,
}

impl Method {
    /// Every method with its name in the SDK (and in English answers) and in Korean ones.
    const NAMES: [(Self, &'static str, &'static str); 9] = [
        (Self::Card, "CARD", "카드"),
        (Self::Transfer, "TRANSFER", "계좌이체"),
        (Self::EasyPay, "EASY_PAY", "간편결제"),
        (Self::MobilePhone, "MOBILE_PHONE", "휴대폰"),
        (Self::VirtualAccount, "VIRTUAL_ACCOUNT", "가상계좌"),
        (Self::CultureGiftCertificate, "CULTURE_GIFT_CERTIFICATE", "문화상품권"),
        (Self::BookGiftCertificate, "BOOK_GIFT_CERTIFICATE", "도서문화상품권"),
        (Self::GameGiftCertificate, "GAME_GIFT_CERTIFICATE", "게임문화상품권"),
        (Self::ForeignEasyPay, "FOREIGN_EASY_PAY", "해외간편결제"),
    ];

    /// Reads the SDK's name, the Korean name or nothing (a card).
    pub(crate) fn read(name: Option<&str>) -> Option<Self> {
        let name = name.filter(|name| !name.is_empty()).unwrap_or("CARD");
        let found = Self::NAMES.iter().find(|(_, sdk, korean)| *sdk == name || *korean == name);
        found.map(|(method, ..)| *method)
    }

    /// The names in the SDK.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().map(|(_, name, _)| *name)
    }

    pub(crate) fn name(self, english: bool) -> &'static str {
        let named = Self::NAMES.iter().find(|(method, ..)| *method == self);
        let (_, sdk, korean) = named.expect("every method has a name");
        if english { sdk } else { korean }
    }
}

/// The means with what is known of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Means {
    Card(Card),
    Transfer { bank_code: String },
    EasyPay { provider: String },
    MobilePhone { number: String },
    VirtualAccount(VirtualAccount),
    GiftCertificate(Method),
    ForeignEasyPay { provider: String },
}

impl Means {
    pub(crate) fn method(&self) -> Method {
        match self {
            Self::Card(_) => Method::Card,
            Self::Transfer { .. } => Method::Transfer,
            Self::EasyPay { .. } => Method::EasyPay,
            Self::MobilePhone { .. } => Method::MobilePhone,
            Self::VirtualAccount(_) => Method::VirtualAccount,
            Self::GiftCertificate(method) => *method,
            Self::ForeignEasyPay { .. } => Method::ForeignEasyPay,
        }
    }

    /// What a buyer uses who says no more than the method. A virtual account is not issued yet:
    /// its number and due date come with the confirm.
    pub(crate) fn usual(method: Method) -> Self {
        match method {
            Method::Card => Self::Card(Card::usual()),
            Method::Transfer => Self::Transfer { bank_code: "88".to_owned() },
            Method::EasyPay => Self::EasyPay { provider: "토스페이".to_owned() },
            Method::MobilePhone => Self::MobilePhone { number: "01000000000".to_owned() },
            Method::VirtualAccount => Self::VirtualAccount(VirtualAccount::wanted("20", "김토스")),
            Method::CultureGiftCertificate
            | Method::BookGiftCertificate
            | Method::GameGiftCertificate => Self::GiftCertificate(method),
            Method::ForeignEasyPay => Self::ForeignEasyPay { provider: "PAYPAL".to_owned() },
        }
    }
}

/// 신용, 체크, 기프트, 미확인.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum CardType {
    Credit,
    Check,
    Gift,
    Unknown,
}

impl CardType {
    pub(crate) fn name(self, english: bool) -> &'static str {
        match (self, english) {
            (Self::Credit, false) => "신용",
            (Self::Credit, true) => "CREDIT",
            (Self::Check, false) => "체크",
            (Self::Check, true) => "CHECK",
            (Self::Gift, false) => "기프트",
            (Self::Gift, true) => "GIFT",
            (Self::Unknown, false) => "미확인",
            (Self::Unknown, true) => "UNKNOWN",
        }
    }
}

/// 개인, 법인, 미확인.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OwnerType {
    Personal,
    Company,
    Unknown,
}

impl OwnerType {
    pub(crate) fn name(self, english: bool) -> &'static str {
        match (self, english) {
            (Self::Personal, false) => "개인",
            (Self::Personal, true) => "PERSONAL",
            (Self::Company, false) => "법인",
            (Self::Company, true) => "COMPANY",
            (Self::Unknown, false) => "미확인",
            (Self::Unknown, true) => "UNKNOWN",
        }
    }
}

/// Who pays for instalments without interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum InterestPayer {
    Buyer,
    CardCompany,
    Merchant,
}

/// A card as Toss tells of it. The whole number is never kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) issuer_code: String,
    pub(crate) acquirer_code: Option<String>,
    /// Masked: `43301234****123*`.
    pub(crate) number: String,
    pub(crate) installment_months: u8,
    pub(crate) interest_payer: Option<InterestPayer>,
    pub(crate) use_point: bool,
    pub(crate) card_type: CardType,
    pub(crate) owner_type: OwnerType,
}

impl Card {
    /// The card of a buyer who did not choose one.
    pub(crate) fn usual() -> Self {
        Self {
            issuer_code: "61".to_owned(),
            acquirer_code: Some("31".to_owned()),
            number: "43301234****123*".to_owned(),
            installment_months: 0,
            interest_payer: None,
            use_point: false,
            card_type: CardType::Credit,
            owner_type: OwnerType::Personal,
        }
    }
}

impl Card {
    /// Who pays for its instalments: the buyer, unless somebody else does.
    pub(crate) fn payer(&self) -> Option<InterestPayer> {
        let buyer = (self.installment_months > 0).then_some(InterestPayer::Buyer);
        self.interest_payer.or(buyer)
    }
}

/// How the money of a virtual account goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RefundStatus {
    None,
    Pending,
    Failed,
    PartialFailed,
    Completed,
}

/// Where a refund goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RefundAccount {
    pub(crate) bank_code: String,
    pub(crate) account_number: String,
    pub(crate) holder_name: String,
}

/// An account of its own for one payment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VirtualAccount {
    /// 고정 rather than 일반: the same number for every payment of a buyer.
    pub(crate) fixed: bool,
    /// Begins with X in the test environment. Empty until it is issued.
    pub(crate) account_number: String,
    pub(crate) bank_code: String,
    pub(crate) customer_name: String,
    pub(crate) depositor_name: Option<String>,
    /// With 고정, the merchant's name for the buyer whose number it is.
    pub(crate) account_key: Option<String>,
    /// How long a deposit is waited for, from the issue on, unless `due` says it.
    pub(crate) valid_hours: i64,
    pub(crate) due: Option<Timestamp>,
    pub(crate) expired: bool,
    pub(crate) refund_status: RefundStatus,
    pub(crate) refund_receive: Option<RefundAccount>,
}

impl VirtualAccount {
    /// An account that a buyer asked for and that is not issued yet; a week to pay.
    pub(crate) fn wanted(bank_code: &str, customer_name: &str) -> Self {
        Self {
            fixed: false,
            account_number: String::new(),
            bank_code: bank_code.to_owned(),
            customer_name: customer_name.to_owned(),
            depositor_name: None,
            account_key: None,
            valid_hours: 168,
            due: None,
            expired: false,
            refund_status: RefundStatus::None,
            refund_receive: None,
        }
    }
}
