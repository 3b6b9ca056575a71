//! `Accept-Language`: Korean, unless English is wanted more.

use axum::http::HeaderMap;

use super::header;

/// Does the client want English rather than Korean? Other languages are not spoken.
pub(crate) fn english(headers: &HeaderMap) -> bool {
    let Some(wanted) = header(headers, "accept-language") else { return false };
    let spoken = wanted.split(',').filter_map(read);
    // Of languages that are wanted equally, the first.
    let best = spoken.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.is_some_and(|(english, _)| english)
}

/// One language: whether it is English, and how much it is wanted. None for any other one.
fn read(item: &str) -> Option<(bool, f32)> {
    let mut parts = item.split(';').map(str::trim);
    let tag = parts.next()?.to_ascii_lowercase();
    let language = tag.split('-').next()?;
    let weight = parts.find_map(|part| part.strip_prefix("q="));
    let weight: f32 = weight.map_or(Some(1.0), |weight| weight.parse().ok())?;
    let known = matches!(language, "en" | "ko") && weight > 0.0;
    known.then_some((language == "en", weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_has_to_be_wanted_more() {
        for (value, expected) in [
            ("en-US", true),
            ("EN", true),
            ("en-US,ko;q=0.5", true),
            ("ko;q=0.5, en;q=0.9", true),
            ("ja-JP, en;q=0.4", true),
            ("ko-KR,ko;q=0.9,en-US;q=0.8", false),
            ("ko;q=0.7,en;q=0.7", false),
            ("en;q=0", false),
            ("eng", false),
            ("ja-JP", false),
            ("*", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("accept-language", value.parse().unwrap());
            assert_eq!(english(&headers), expected, "{value}");
        }
        assert!(!english(&HeaderMap::new()));
    }
}
