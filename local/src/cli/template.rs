//! Which template to run.

use std::path::{Path, PathBuf};

use super::error::CliError;

const NAME: &str = "template.yaml";

/// The template's text: the named one, else the nearest one above the working folder, else the workspace's.
pub(super) fn read(named: Option<&Path>) -> Result<String, CliError> {
    let path = match named {
        Some(path) if !path.is_file() => return Err(CliError::NoTemplate(path.to_owned())),
        Some(path) => path.to_owned(),
        None => find(&std::env::current_dir()?).ok_or(CliError::NoTemplateAbove)?,
    };
    std::fs::read_to_string(&path).map_err(|source| CliError::Unreadable { path, source })
}

fn find(from: &Path) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    from.ancestors().chain(workspace).map(|folder| folder.join(NAME)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspaces_template_is_found_from_anywhere() {
        assert!(find(Path::new("/")).is_some_and(|path| path.ends_with(NAME)));
        let missing = read(Some(Path::new("nowhere.yaml"))).unwrap_err().to_string();
        assert_eq!(missing, "there is no template nowhere.yaml; name one with --template");
    }
}
