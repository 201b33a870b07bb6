//! What the template tells a function through its environment.

use std::collections::BTreeMap;

/// A function's configuration: the environment that `template.yaml` gives it.
#[derive(Clone, Debug, Default)]
pub struct Settings(BTreeMap<String, String>);

/// Why a function can't start. Names the variable that is at fault.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable that the function needs is absent or empty.
    #[error("the environment variable {0} is not set; template.yaml gives it to the functions that need it")]
    Missing(String),
    /// A variable holds something that can't be used.
    #[error("the environment variable {name} can't be used: {reason}")]
    Invalid {
        /// Which variable.
        name: String,
        /// What is wrong with its value.
        reason: String,
    },
}

impl Settings {
    /// The process's own environment.
    pub fn from_environment() -> Self {
        Self(std::env::vars().collect())
    }

    /// The value of `name`, where it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of `name`.
    ///
    /// # Errors
    /// [`StartError::Missing`] where it is absent or empty.
    pub fn require(&self, name: &str) -> Result<&str, StartError> {
        self.get(name).ok_or_else(|| StartError::Missing(name.to_owned()))
    }
}

impl FromIterator<(String, String)> for Settings {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}
