//! Finds the `tracing` call sites in a source file. Used by the build script, so only `std`.

/// A call site.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Site {
    /// Counted from 1, where the macro's name begins: as `line!` has it.
    pub(crate) line: usize,
    /// The macro's name: `info`, `warn` and so on.
    pub(crate) level: String,
    /// The last string of the call.
    pub(crate) message: String,
}

const LEVELS: [&str; 5] = ["trace", "debug", "info", "warn", "error"];

/// All call sites before the file's tests, in order.
pub(crate) fn sites(source: &str) -> Vec<Site> {
    // Unit tests stand at the end of a file.
    let source = source.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut found = Vec::new();
    for (at, _) in source.match_indices("tracing::") {
        let line_start = source[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let is_comment = source[line_start..at].contains("//");
        let rest = &source[at + "tracing::".len()..];
        let level = LEVELS
            .into_iter()
            .find(|level| rest.strip_prefix(level).is_some_and(|after| after.starts_with("!(")));
        let (false, Some(level)) = (is_comment, level) else { continue };
        let line = source[..at].matches('\n').count() + 1;
        let message = last_string(&rest[level.len() + 2..]);
        found.push(Site { line, level: level.to_owned(), message });
    }
    found
}

/// The last string literal up to the parenthesis that closes the call.
fn last_string(call: &str) -> String {
    let (mut depth, mut last) = (1, String::new());
    let mut characters = call.chars();
    while let Some(character) = characters.next() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            '"' => last = string(&mut characters),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    last
}

/// What follows an opening quote. A backslash at a line's end swallows the indentation.
fn string(characters: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => match characters.next() {
                Some('\n') => {
                    let rest = characters.as_str().trim_start();
                    *characters = rest.chars();
                }
                escaped => text.extend(escaped),
            },
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(line: usize, level: &str, message: &str) -> Site {
        Site { line, level: level.to_owned(), message: message.to_owned() }
    }

    #[test]
    fn call_sites_are_found_with_line_level_and_message() {
        let source = "fn f() {\n    tracing::info!(a = g(\"no\"), \"yes\");\n\
                      // tracing::warn!(\"a comment\")\n\
                      let _ = tracing::Level::INFO; tracing::warn!(\n    %b,\n    \"two \\\n     lines (of text)\"\n);\n}\n\
                      \n#[cfg(test)]\nmod tests { fn t() { tracing::info!(\"a test\"); } }\n";
        assert_eq!(sites(source), [site(2, "info", "yes"), site(4, "warn", "two lines (of text)")]);
    }

    #[test]
    fn a_call_without_text_has_none() {
        assert_eq!(sites("tracing::debug!(seed);\nlet x = \"later\";"), [site(1, "debug", "")]);
    }
}
