//! The names behind the codes of card issuers and banks.

/// Codes of card issuers and acquirers.
const ISSUERS: [(&str, &str); 30] = [
    ("3K", "기업BC"),
    ("46", "광주"),
    ("71", "롯데"),
    ("30", "KDB산업"),
    ("31", "BC"),
    ("51", "삼성"),
    ("38", "새마을"),
    ("41", "신한"),
    ("62", "신협"),
    ("36", "씨티"),
    ("33", "우리BC"),
    ("W1", "우리"),
    ("37", "우체국"),
    ("39", "저축은행"),
    ("35", "전북"),
    ("42", "제주"),
    ("15", "카카오뱅크"),
    ("3A", "케이뱅크"),
    ("24", "토스뱅크"),
    ("21", "하나"),
    ("61", "현대"),
    ("11", "KB국민"),
    ("91", "NH농협"),
    ("34", "수협"),
    ("6D", "다이너스"),
    ("4M", "마스터"),
    ("3C", "유니온페이"),
    ("7A", "아메리칸 익스프레스"),
    ("4J", "JCB"),
    ("4V", "비자"),
];

/// Two-digit codes of banks.
const BANKS: [(&str, &str); 26] = [
    ("39", "경남"),
    ("34", "광주"),
    ("12", "지역농축협"),
    ("32", "부산"),
    ("45", "새마을"),
    ("64", "산림조합"),
    ("88", "신한"),
    ("48", "신협"),
    ("27", "씨티"),
    ("20", "우리"),
    ("71", "우체국"),
    ("50", "저축은행"),
    ("37", "전북"),
    ("35", "제주"),
    ("90", "카카오뱅크"),
    ("92", "토스뱅크"),
    ("81", "하나"),
    ("54", "HSBC"),
    ("03", "IBK기업"),
    ("06", "KB국민"),
    ("31", "대구"),
    ("02", "KDB산업"),
    ("11", "NH농협"),
    ("23", "SC제일"),
    ("07", "수협"),
    ("89", "케이뱅크"),
];

/// 미확인: not known.
const UNKNOWN: &str = "미확인";

pub(crate) fn issuer_name(code: &str) -> &'static str {
    name(&ISSUERS, code)
}

pub(crate) fn bank_name(code: &str) -> &'static str {
    name(&BANKS, code)
}

fn name(table: &'static [(&str, &str)], code: &str) -> &'static str {
    table.iter().find(|(known, _)| *known == code).map_or(UNKNOWN, |(_, name)| name)
}
