//! Colours, where there is somebody to see them.

use std::io::IsTerminal as _;

/// How the console writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For people.
    Text(Paint),
    /// For programs.
    Json,
}

/// Colours text, or leaves it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    on: bool,
}

impl Style {
    /// Text, with colours where standard output is a terminal and `NO_COLOR` isn't set.
    pub fn for_terminal() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self::Text(Paint { on: wanted && std::io::stdout().is_terminal() })
    }

    /// The colours to use beside the console's own lines.
    pub fn paint(self) -> Paint {
        match self {
            Self::Text(paint) => paint,
            Self::Json => Paint::plain(),
        }
    }
}

impl Paint {
    /// No colours.
    pub fn plain() -> Self {
        Self { on: false }
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// What matters most.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// What matters least.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// What went well.
    pub fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// What was refused.
    pub fn yellow(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// What went wrong.
    pub fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// Names.
    pub fn cyan(self, text: &str) -> String {
        self.wrap("36", text)
    }

    /// Events.
    pub fn magenta(self, text: &str) -> String {
        self.wrap("35", text)
    }
}
