//! How a test points at something on a page: as a person would, or as a stylesheet does.

use std::fmt;

use fantoccini::Locator;

/// Something on a page. A plain `&str` is the text on a button or a link.
#[derive(Debug, Clone, Copy)]
pub enum Find<'a> {
    /// What can be clicked and has this text on it.
    Text(&'a str),
    /// The field that this label (or placeholder) belongs to.
    Label(&'a str),
    /// A CSS selector.
    Css(&'a str),
}

/// The field with this label or placeholder.
pub fn label(text: &str) -> Find<'_> {
    Find::Label(text)
}

/// What this CSS selector selects.
pub fn css(selector: &str) -> Find<'_> {
    Find::Css(selector)
}

impl<'a> From<&'a str> for Find<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl fmt::Display for Find<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "something to click with the text `{text}`"),
            Self::Label(text) => write!(f, "a field labelled `{text}`"),
            Self::Css(selector) => write!(f, "an element `{selector}`"),
        }
    }
}

/// What a person clicks.
const CLICKABLE: &str = "self::button or self::a or self::label or self::summary or @role='button' \
                         or @role='tab' or @role='radio'";

const FIELD: &str = "self::input or self::select or self::textarea";

/// The search for it, to hand to [`as_locator`].
pub(super) fn search(find: Find<'_>) -> String {
    match find {
        Find::Text(text) => {
            let has_it = format!("contains(normalize-space(.), {})", literal(text));
            let value = format!("contains(@value, {})", literal(text));
            let input = "self::input[@type='submit' or @type='button']";
            format!("//*[{CLICKABLE}][{has_it}] | //*[{input}][{value}]")
        }
        Find::Label(text) => {
            let text = literal(text);
            let labels = format!("//label[contains(normalize-space(.), {text})]");
            format!(
                "//*[{FIELD}][@id = {labels}/@for] | {labels}//*[{FIELD}] \
                 | //*[{FIELD}][contains(@aria-label, {text}) or contains(@placeholder, {text})]"
            )
        }
        Find::Css(selector) => selector.to_owned(),
    }
}

pub(super) fn as_locator<'a>(find: Find<'_>, search: &'a str) -> Locator<'a> {
    match find {
        Find::Css(_) => Locator::Css(search),
        Find::Text(_) | Find::Label(_) => Locator::XPath(search),
    }
}

/// A string in XPath, which knows no escapes.
pub(super) fn literal(text: &str) -> String {
    if !text.contains('"') {
        return format!("\"{text}\"");
    }
    assert!(!text.contains('\''), "XPath has no word for both quotes: search for a part of {text}");
    format!("'{text}'")
}
