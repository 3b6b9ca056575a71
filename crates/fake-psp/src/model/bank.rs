//! Banks and securities firms, as Toss numbers and names them.

/// One institution that has accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bank {
    /// Two characters, as in version 1 of the API.
    pub(crate) code: &'static str,
    /// Three digits, as among banks and in version 2 of the API.
    pub(crate) institution: &'static str,
    /// The short Korean name, which version 1 takes in place of a code.
    pub(crate) korean: &'static str,
    pub(crate) english: &'static str,
    /// For a person who reads English.
    pub(crate) title: &'static str,
}

impl Bank {
    /// Finds one by either code or either name, with or without 은행 or 뱅크 (bank), or by another
    /// name that is in use.
    pub(crate) fn read(text: &str) -> Option<&'static Self> {
        let short = text.strip_suffix("은행").or_else(|| text.strip_suffix("뱅크")).unwrap_or(text);
        let other = OTHER_NAMES.iter().find(|(name, _)| *name == short);
        let short = other.map_or(short, |(_, korean)| korean);
        BANKS.iter().find(|bank| {
            let names = [bank.code, bank.institution, bank.korean, bank.english];
            names.contains(&text) || bank.korean == short
        })
    }

    /// For a person.
    pub(crate) fn spoken(&self, english: bool) -> &'static str {
        if english { self.title } else { self.korean }
    }

    /// Only banks issue virtual accounts; refunds can go to securities firms too.
    pub(crate) fn issues_accounts(&self) -> bool {
        !self.code.starts_with('S')
    }
}

const fn bank(
    code: &'static str,
    institution: &'static str,
    korean: &'static str,
    english: &'static str,
    title: &'static str,
) -> Bank {
    Bank { code, institution, korean, english, title }
}

/// Names that Toss's lists have besides.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("지역농축협", "단위농협"),
    ("산림조합", "산림"),
    ("새마을금고", "새마을"),
    ("KB국민", "국민"),
    ("NH농협", "농협"),
    ("IBK기업", "기업"),
    ("KDB산업", "산업"),
    ("한국씨티", "씨티"),
    ("iM", "대구"),
];

/// Every one, banks first. (89 is UNVERIFIED.)
pub(crate) const BANKS: &[Bank] = &[
    bank("39", "039", "경남", "KYONGNAMBANK", "Kyongnam"),
    bank("34", "034", "광주", "GWANGJUBANK", "Gwangju"),
    bank("12", "012", "단위농협", "LOCALNONGHYEOP", "Local NongHyup"),
    bank("32", "032", "부산", "BUSANBANK", "Busan"),
    bank("45", "045", "새마을", "SAEMAUL", "MG Community"),
    bank("64", "064", "산림", "SANLIM", "SJ Forestry"),
    bank("88", "088", "신한", "SHINHAN", "Shinhan"),
    bank("48", "048", "신협", "SHINHYEOP", "Shinhyup"),
    bank("27", "027", "씨티", "CITI", "Citi"),
    bank("20", "020", "우리", "WOORI", "Woori"),
    bank("71", "071", "우체국", "POST", "Korea Post"),
    bank("50", "050", "저축", "SAVINGBANK", "Savings banks"),
    bank("37", "037", "전북", "JEONBUKBANK", "Jeonbuk"),
    bank("35", "035", "제주", "JEJUBANK", "Jeju"),
    bank("90", "090", "카카오", "KAKAOBANK", "KakaoBank"),
    bank("89", "089", "케이", "KBANK", "K bank"),
    bank("92", "092", "토스", "TOSSBANK", "Toss Bank"),
    bank("81", "081", "하나", "HANA", "Hana"),
    bank("54", "054", "홍콩상하이", "HSBC", "HSBC"),
    bank("03", "003", "기업", "IBK", "IBK"),
    bank("06", "004", "국민", "KOOKMIN", "KB Kookmin"),
    bank("31", "031", "대구", "DAEGUBANK", "Daegu"),
    bank("02", "002", "산업", "KDBBANK", "KDB"),
    bank("11", "011", "농협", "NONGHYEOP", "NH NongHyup"),
    bank("23", "023", "SC제일", "SC", "SC First"),
    bank("07", "007", "수협", "SUHYEOP", "Suhyup"),
    bank("S8", "261", "교보증권", "KYOBO_SECURITIES", "Kyobo Securities"),
    bank("SE", "267", "대신증권", "DAISHIN_SECURITIES", "Daishin Securities"),
    bank("SK", "287", "메리츠증권", "MERITZ_SECURITIES", "Meritz Securities"),
    bank("S5", "238", "미래에셋증권", "MIRAE_ASSET_SECURITIES", "Mirae Asset Securities"),
    bank("SM", "290", "부국증권", "BOOKOOK_SECURITIES", "Bookook Securities"),
    bank("S3", "240", "삼성증권", "SAMSUNG_SECURITIES", "Samsung Securities"),
    bank("SN", "291", "신영증권", "SHINYOUNG_SECURITIES", "Shinyoung Securities"),
    bank("S2", "278", "신한금융투자", "SHINHAN_INVESTMENT", "Shinhan Investment"),
    bank("S0", "209", "유안타증권", "YUANTA_SECURITES", "Yuanta Securities"),
    bank(
        "SJ",
        "280",
        "유진투자증권",
        "EUGENE_INVESTMENT_AND_SECURITIES",
        "Eugene Investment & Securities",
    ),
    bank("SQ", "288", "카카오페이증권", "KAKAOPAY_SECURITIES", "Kakao Pay Securities"),
    bank("SB", "264", "키움증권", "KIWOOM", "Kiwoom Securities"),
    bank("ST", "271", "토스증권", "TOSS_SECURITIES", "Toss Securities"),
    bank("SR", "294", "펀드온라인코리아", "KOREA_FOSS_SECURITIES", "Korea FOSS Securities"),
    bank(
        "SH",
        "270",
        "하나금융투자",
        "HANA_INVESTMENT_AND_SECURITIES",
        "Hana Investment & Securities",
    ),
    bank("S9", "262", "하이투자증권", "HI_INVESTMENT_AND_SECURITIES", "Hi Investment & Securities"),
    bank("S6", "243", "한국투자증권", "KOREA_INVESTMENT", "Korea Investment & Securities"),
    bank(
        "SG",
        "269",
        "한화투자증권",
        "HANHWA_INVESTMENT_AND_SECURITIES",
        "Hanwha Investment & Securities",
    ),
    bank("SA", "263", "현대차증권", "HYUNDAI_MOTOR_SECURITIES", "Hyundai Motor Securities"),
    bank("SI", "279", "DB금융투자", "DB_INVESTMENT_AND_SECURITIES", "DB Investment & Securities"),
    bank("S4", "218", "KB증권", "KB_SECURITIES", "KB Securities"),
    bank(
        "SP",
        "227",
        "KTB투자증권",
        "DAOL_INVESTMENT_AND_SECURITIES",
        "DAOL Investment & Securities",
    ),
    bank(
        "SO",
        "292",
        "LIG투자증권",
        "LIG_INVESTMENT_AND_SECURITIES",
        "LIG Investment & Securities",
    ),
    bank("SL", "247", "NH투자증권", "NH_INVESTMENT_AND_SECURITIES", "NH Investment & Securities"),
    bank("SD", "266", "SK증권", "SK_SECURITIES", "SK Securities"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_has_several_names() {
        for name in ["06", "004", "국민", "국민은행", "KOOKMIN"] {
            assert_eq!(Bank::read(name).map(|bank| bank.code), Some("06"), "{name}");
        }
        for (name, code) in [
            ("카카오뱅크", "90"),
            ("토스뱅크", "92"),
            ("케이뱅크", "89"),
            ("NH농협은행", "11"),
            ("지역농축협", "12"),
            ("IBK기업은행", "03"),
        ] {
            assert_eq!(Bank::read(name).map(|bank| bank.code), Some(code), "{name}");
        }
        for (name, korean) in OTHER_NAMES {
            assert_eq!(Bank::read(name).map(|bank| bank.korean), Some(*korean));
        }
        for name in ["", "은행", "뱅크", "6", "999"] {
            assert_eq!(Bank::read(name), None, "{name}");
        }
    }

    #[test]
    fn no_name_is_two_banks() {
        for bank in BANKS {
            for name in [bank.code, bank.institution, bank.korean, bank.english] {
                assert_eq!(Bank::read(name), Some(bank), "{name}");
            }
        }
    }
}
