//! How text looks: colours, and lines that end where the terminal does.

use std::{borrow::Cow, io::IsTerminal};

/// The width of a line where no terminal says another.
const PIPE_WIDTH: usize = 100;

/// How text is marked on a terminal; nothing in a pipe.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    pub colour: bool,
}

impl Paint {
    /// Coloured if standard output is a terminal and NO_COLOR is not set.
    pub fn of_stdout() -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self { colour: terminal && std::env::var_os("NO_COLOR").is_none() }
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub fn good(self, text: &str) -> String {
        self.wrap("1;32", text)
    }

    pub fn bad(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    pub fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }
}

/// Colours, and how much is shown.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub paint: Paint,
    /// Columns after which a line is cut; `None`: everything is shown, uncut.
    pub width: Option<usize>,
}

impl Look {
    /// As wide as the terminal of standard output, or 100 columns in a pipe; `full` shows all.
    pub fn of_stdout(full: bool) -> Self {
        let size = console::Term::stdout().size_checked();
        let columns = size.map_or(PIPE_WIDTH, |(_, columns)| usize::from(columns).max(40));
        Self { paint: Paint::of_stdout(), width: (!full).then_some(columns) }
    }

    /// Whether everything is shown.
    pub fn is_full(self) -> bool {
        self.width.is_none()
    }

    /// The text in one line that ends with `…` where it is cut.
    pub fn cut(self, line: &str) -> Cow<'_, str> {
        let Some(width) = self.width else { return Cow::Borrowed(line) };
        if line.contains('\n') {
            let flat = line.lines().map(str::trim).collect::<Vec<_>>().join(" ");
            return Cow::Owned(console::truncate_str(&flat, width, "…").into_owned());
        }
        console::truncate_str(line, width, "…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_by_the_columns_that_it_takes() {
        let look = Look { paint: Paint { colour: false }, width: Some(8) };
        assert_eq!(look.cut("12345678"), "12345678");
        assert_eq!(look.cut("123456789"), "1234567…");
        assert_eq!(look.cut("a\n  b"), "a b");
        assert_eq!(look.cut("한 번만 청구"), "한 번만…", "a Korean letter takes two columns");
        assert_eq!(Look { width: None, ..look }.cut("123456789"), "123456789");
    }
}
