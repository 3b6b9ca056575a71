//! Card companies, as Toss numbers and names them.

/// Who issued a card, or bought its sales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Issuer {
    /// Two characters.
    pub(crate) code: &'static str,
    pub(crate) korean: &'static str,
    pub(crate) english: &'static str,
}

impl Issuer {
    /// Finds one by its code or either name.
    pub(crate) fn read(text: &str) -> Option<&'static Self> {
        let named = |issuer: &&Self| [issuer.code, issuer.korean, issuer.english].contains(&text);
        ISSUERS.iter().find(named)
    }
}

const fn issuer(code: &'static str, korean: &'static str, english: &'static str) -> Issuer {
    Issuer { code, korean, english }
}

/// Every one, Korean ones first.
pub(crate) const ISSUERS: &[Issuer] = &[
    issuer("3K", "기업비씨", "IBK_BC"),
    issuer("46", "광주", "GWANGJUBANK"),
    issuer("71", "롯데", "LOTTE"),
    issuer("30", "산업", "KDBBANK"),
    issuer("31", "비씨", "BC"),
    issuer("51", "삼성", "SAMSUNG"),
    issuer("38", "새마을", "SAEMAUL"),
    issuer("41", "신한", "SHINHAN"),
    issuer("62", "신협", "SHINHYEOP"),
    issuer("36", "씨티", "CITI"),
    issuer("W1", "우리", "WOORI"),
    issuer("33", "우리비씨", "WOORI_BC"),
    issuer("37", "우체국", "POST"),
    issuer("39", "저축", "SAVINGBANK"),
    issuer("35", "전북", "JEONBUKBANK"),
    issuer("42", "제주", "JEJUBANK"),
    issuer("15", "카카오뱅크", "KAKAOBANK"),
    issuer("3A", "케이뱅크", "KBANK"),
    issuer("24", "토스뱅크", "TOSSBANK"),
    issuer("21", "하나", "HANA"),
    issuer("61", "현대", "HYUNDAI"),
    issuer("11", "국민", "KOOKMIN"),
    issuer("91", "농협", "NONGHYEOP"),
    issuer("34", "수협", "SUHYEOP"),
    issuer("6D", "다이너스", "DINERS"),
    issuer("4M", "마스터", "MASTER"),
    issuer("3C", "유니온페이", "UNIONPAY"),
    issuer("7A", "아메리칸 익스프레스", "AMEX"),
    issuer("4J", "JCB", "JCB"),
    issuer("4V", "비자", "VISA"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_two_issuers() {
        for issuer in ISSUERS {
            for name in [issuer.code, issuer.korean, issuer.english] {
                assert_eq!(Issuer::read(name), Some(issuer), "{name}");
            }
        }
    }
}
