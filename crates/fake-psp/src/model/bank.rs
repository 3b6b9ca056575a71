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
}

impl Bank {
    /// Finds one by either code or either name, with or without 은행 (bank) or 증권 (securities).
    pub(crate) fn read(text: &str) -> Option<&'static Self> {
        let short = text.strip_suffix("은행").unwrap_or(text);
        BANKS.iter().find(|bank| {
            let names = [bank.code, bank.institution, bank.korean, bank.english];
            names.contains(&text) || bank.korean == short
        })
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
) -> Bank {
    Bank { code, institution, korean, english }
}

/// Every one, banks first. (89 is UNVERIFIED.)
pub(crate) const BANKS: &[Bank] = &[
    bank("39", "039", "경남", "KYONGNAMBANK"),
    bank("34", "034", "광주", "GWANGJUBANK"),
    bank("12", "012", "단위농협", "LOCALNONGHYEOP"),
    bank("32", "032", "부산", "BUSANBANK"),
    bank("45", "045", "새마을", "SAEMAUL"),
    bank("64", "064", "산림", "SANLIM"),
    bank("88", "088", "신한", "SHINHAN"),
    bank("48", "048", "신협", "SHINHYEOP"),
    bank("27", "027", "씨티", "CITI"),
    bank("20", "020", "우리", "WOORI"),
    bank("71", "071", "우체국", "POST"),
    bank("50", "050", "저축", "SAVINGBANK"),
    bank("37", "037", "전북", "JEONBUKBANK"),
    bank("35", "035", "제주", "JEJUBANK"),
    bank("90", "090", "카카오", "KAKAOBANK"),
    bank("89", "089", "케이", "KBANK"),
    bank("92", "092", "토스", "TOSSBANK"),
    bank("81", "081", "하나", "HANA"),
    bank("54", "054", "홍콩상하이", "HSBC"),
    bank("03", "003", "기업", "IBK"),
    bank("06", "004", "국민", "KOOKMIN"),
    bank("31", "031", "대구", "DAEGUBANK"),
    bank("02", "002", "산업", "KDBBANK"),
    bank("11", "011", "농협", "NONGHYEOP"),
    bank("23", "023", "SC제일", "SC"),
    bank("07", "007", "수협", "SUHYEOP"),
    bank("S8", "261", "교보증권", "KYOBO_SECURITIES"),
    bank("SE", "267", "대신증권", "DAISHIN_SECURITIES"),
    bank("SK", "287", "메리츠증권", "MERITZ_SECURITIES"),
    bank("S5", "238", "미래에셋증권", "MIRAE_ASSET_SECURITIES"),
    bank("SM", "290", "부국증권", "BOOKOOK_SECURITIES"),
    bank("S3", "240", "삼성증권", "SAMSUNG_SECURITIES"),
    bank("SN", "291", "신영증권", "SHINYOUNG_SECURITIES"),
    bank("S2", "278", "신한금융투자", "SHINHAN_INVESTMENT"),
    bank("S0", "209", "유안타증권", "YUANTA_SECURITES"),
    bank("SJ", "280", "유진투자증권", "EUGENE_INVESTMENT_AND_SECURITIES"),
    bank("SQ", "288", "카카오페이증권", "KAKAOPAY_SECURITIES"),
    bank("SB", "264", "키움증권", "KIWOOM"),
    bank("ST", "271", "토스증권", "TOSS_SECURITIES"),
    bank("SR", "294", "펀드온라인코리아", "KOREA_FOSS_SECURITIES"),
    bank("SH", "270", "하나금융투자", "HANA_INVESTMENT_AND_SECURITIES"),
    bank("S9", "262", "하이투자증권", "HI_INVESTMENT_AND_SECURITIES"),
    bank("S6", "243", "한국투자증권", "KOREA_INVESTMENT"),
    bank("SG", "269", "한화투자증권", "HANHWA_INVESTMENT_AND_SECURITIES"),
    bank("SA", "263", "현대차증권", "HYUNDAI_MOTOR_SECURITIES"),
    bank("SI", "279", "DB금융투자", "DB_INVESTMENT_AND_SECURITIES"),
    bank("S4", "218", "KB증권", "KB_SECURITIES"),
    bank("SP", "227", "KTB투자증권", "DAOL_INVESTMENT_AND_SECURITIES"),
    bank("SO", "292", "LIG투자증권", "LIG_INVESTMENT_AND_SECURITIES"),
    bank("SL", "247", "NH투자증권", "NH_INVESTMENT_AND_SECURITIES"),
    bank("SD", "266", "SK증권", "SK_SECURITIES"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_has_several_names() {
        for name in ["06", "004", "국민", "국민은행", "KOOKMIN"] {
            assert_eq!(Bank::read(name).map(|bank| bank.code), Some("06"), "{name}");
        }
        for name in ["", "은행", "6", "999"] {
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
