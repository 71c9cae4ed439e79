//! Where the rules and the models lie when the configuration does not say, or names a folder of the repository.

use std::path::{Path, PathBuf};

/// Folder that the package installs into.
const PACKAGED: &str = "/usr/share/faxbridge";

/// The rules folder: as resolved where it exists; else `written` beside an ancestor of the program (a checkout) or in
/// the package; else as resolved, for the error. Empty in, empty out: the embedded rules.
pub fn find_rules(resolved: &Path, written: &Path) -> PathBuf {
    if written.as_os_str().is_empty() || written.is_absolute() || resolved.exists() {
        return resolved.to_owned();
    }
    beside_program(written).unwrap_or_else(|| resolved.to_owned())
}

/// The models folder: as configured, else `$FAXBRIDGE_MODELS`, else `models/` beside an ancestor of the program (a
/// checkout), else the package's. The path of the last is returned where none exists, for the error.
pub fn find_models(configured: &Path) -> PathBuf {
    if !configured.as_os_str().is_empty() {
        return configured.to_owned();
    }
    if let Some(dir) = std::env::var_os("FAXBRIDGE_MODELS") {
        return PathBuf::from(dir);
    }
    beside_program(Path::new("models")).unwrap_or_else(|| Path::new(PACKAGED).join("models"))
}

/// `name` in the nearest ancestor folder of the running program that has it, else in the package's folder.
fn beside_program(name: &Path) -> Option<PathBuf> {
    let exe = std::env::current_exe().ok()?;
    let near = exe.ancestors().skip(1).take(5).map(|a| a.join(name));
    near.chain([Path::new(PACKAGED).join(name)]).find(|p| p.is_dir())
}
