//! Did you mean …? The nearest word that would have been understood.

/// Names the nearest valid word when serde says "unknown … `x`, expected … `y` …".
pub(crate) fn hint(message: &str) -> String {
    let Some(at) = message.find("unknown ") else { return String::new() };
    let mut quoted = message[at..].split('`').skip(1).step_by(2);
    let Some(wrong) = quoted.next() else { return String::new() };
    nearest(wrong, quoted).map_or_else(String::new, |word| format!(" (did you mean `{word}`?)"))
}

/// The word that is most like another one.
pub(crate) fn nearest<'a>(
    wrong: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let likeness = |word: &str| strsim::jaro_winkler(wrong, word);
    words.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}
