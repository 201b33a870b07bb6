//! What is wrong with a template, and where in it.

/// A template that can't be read, or asks for something that the local market can't run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct TemplateError {
    /// Where: `Resources.Orders.Properties.Timeout`, or the file's name.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
}

impl TemplateError {
    /// An error at `path`.
    pub fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: path.into(), reason: reason.into() }
    }
}

/// What reading a part of a template ends with.
pub type Result<T> = std::result::Result<T, TemplateError>;
