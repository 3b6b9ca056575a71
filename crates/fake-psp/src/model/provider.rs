//! Providers of easy payment and mobile carriers: their codes and their names.

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Provider {
    /// As in API answers; for a provider of easy payment in Korea its Korean name.
    pub(crate) code: &'static str,
    /// As in the parameters of the SDK.
    pub(crate) sdk: &'static str,
    pub(crate) korean: &'static str,
    /// For a person who reads English.
    pub(crate) title: &'static str,
}

impl Provider {
    /// Finds one by its code or either name.
    pub(crate) fn read(table: &'static [Self], text: &str) -> Option<&'static Self> {
        table.iter().find(|row| [row.code, row.sdk, row.korean].contains(&text))
    }

    /// For a person.
    pub(crate) fn spoken(&self, english: bool) -> &'static str {
        if english { self.title } else { self.korean }
    }
}

const fn row(
    code: &'static str,
    sdk: &'static str,
    korean: &'static str,
    title: &'static str,
) -> Provider {
    Provider { code, sdk, korean, title }
}

/// Providers of easy payment.
pub(crate) const PROVIDERS: [Provider; 10] = [
    row("토스페이", "TOSSPAY", "토스페이", "Toss Pay"),
    row("네이버페이", "NAVERPAY", "네이버페이", "Naver Pay"),
    row("카카오페이", "KAKAOPAY", "카카오페이", "Kakao Pay"),
    row("페이코", "PAYCO", "페이코", "PAYCO"),
    row("삼성페이", "SAMSUNGPAY", "삼성페이", "Samsung Pay"),
    row("애플페이", "APPLEPAY", "애플페이", "Apple Pay"),
    row("엘페이", "LPAY", "엘페이", "L.pay"),
    row("SSG페이", "SSG", "SSG페이", "SSG Pay"),
    row("핀페이", "PINPAY", "핀페이", "PIN Pay"),
    row("KB페이", "KBPAY", "KB페이", "KB Pay"),
];

/// Providers of easy payment abroad.
pub(crate) const FOREIGN_PROVIDERS: [Provider; 12] = [
    row("PAYPAL", "PAYPAL", "페이팔", "PayPal"),
    row("ALIPAY", "ALIPAY", "알리페이", "Alipay"),
    row("ALIPAYHK", "ALIPAYHK", "알리페이 HK", "AlipayHK"),
    row("PAYPAY", "PAYPAY", "페이페이", "PayPay"),
    row("GCASH", "GCASH", "지캐시", "GCash"),
    row("TOUCHNGO", "TOUCHNGO", "터치앤고", "Touch 'n Go"),
    row("BOOST", "BOOST", "부스트", "Boost"),
    row("BPI", "BPI", "BPI", "BPI"),
    row("BILLEASE", "BILLEASE", "빌리즈", "BillEase"),
    row("DANA", "DANA", "다나", "DANA"),
    row("TRUEMONEY", "TRUEMONEY", "트루머니", "TrueMoney"),
    row("RABBIT_LINE_PAY", "RABBIT_LINE_PAY", "래빗 라인페이", "Rabbit LINE Pay"),
];

/// Mobile carriers.
pub(crate) const CARRIERS: [Provider; 6] = [
    row("SKT", "SKT", "SK텔레콤", "SK Telecom"),
    row("KT", "KT", "KT", "KT"),
    row("LGU", "LGU", "LG유플러스", "LG U+"),
    row("HELLO", "HELLO", "LG헬로모바일", "LG HelloVision"),
    row("KCT", "KCT", "티플러스", "Tplus"),
    row("SK7", "SK7", "SK세븐모바일", "SK 7mobile"),
];
