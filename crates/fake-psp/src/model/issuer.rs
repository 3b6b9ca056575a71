//! Card companies, as Toss numbers and names them.

/// Who issued a card, or bought its sales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Issuer {
    /// Two characters.
    pub(crate) code: &'static str,
    pub(crate) korean: &'static str,
    pub(crate) english: &'static str,
    /// For a person who reads English.
    pub(crate) title: &'static str,
}

impl Issuer {
    /// Finds one by its code or either name.
    pub(crate) fn read(text: &str) -> Option<&'static Self> {
        let named = |issuer: &&Self| [issuer.code, issuer.korean, issuer.english].contains(&text);
        ISSUERS.iter().find(named)
    }

    /// For a person.
    pub(crate) fn spoken(&self, english: bool) -> &'static str {
        if english { self.title } else { self.korean }
    }
}

const fn issuer(
    code: &'static str,
    korean: &'static str,
    english: &'static str,
    title: &'static str,
) -> Issuer {
    Issuer { code, korean, english, title }
}

/// Every one, Korean ones first.
pub(crate) const ISSUERS: &[Issuer] = &[
    issuer("3K", "기업비씨", "IBK_BC", "IBK BC"),
    issuer("46", "광주", "GWANGJUBANK", "Gwangju"),
    issuer("71", "롯데", "LOTTE", "Lotte"),
    issuer("30", "산업", "KDBBANK", "KDB"),
    issuer("31", "비씨", "BC", "BC"),
    issuer("51", "삼성", "SAMSUNG", "Samsung"),
    issuer("38", "새마을", "SAEMAUL", "MG Community"),
    issuer("41", "신한", "SHINHAN", "Shinhan"),
    issuer("62", "신협", "SHINHYEOP", "Shinhyup"),
    issuer("36", "씨티", "CITI", "Citi"),
    issuer("W1", "우리", "WOORI", "Woori"),
    issuer("33", "우리비씨", "WOORI_BC", "Woori BC"),
    issuer("37", "우체국", "POST", "Korea Post"),
    issuer("39", "저축", "SAVINGBANK", "Savings banks"),
    issuer("35", "전북", "JEONBUKBANK", "Jeonbuk"),
    issuer("42", "제주", "JEJUBANK", "Jeju"),
    issuer("15", "카카오뱅크", "KAKAOBANK", "KakaoBank"),
    issuer("3A", "케이뱅크", "KBANK", "K bank"),
    issuer("24", "토스뱅크", "TOSSBANK", "Toss Bank"),
    issuer("21", "하나", "HANA", "Hana"),
    issuer("61", "현대", "HYUNDAI", "Hyundai"),
    issuer("11", "국민", "KOOKMIN", "KB Kookmin"),
    issuer("91", "농협", "NONGHYEOP", "NH NongHyup"),
    issuer("34", "수협", "SUHYEOP", "Suhyup"),
    issuer("6D", "다이너스", "DINERS", "Diners Club"),
    issuer("4M", "마스터", "MASTER", "Mastercard"),
    issuer("3C", "유니온페이", "UNIONPAY", "UnionPay"),
    issuer("7A", "아메리칸 익스프레스", "AMEX", "American Express"),
    issuer("4J", "JCB", "JCB", "JCB"),
    issuer("4V", "비자", "VISA", "Visa"),
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
