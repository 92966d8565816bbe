//! What the environment of the process asks for, in variables that begin with `KOLO_`.

use crate::ground::error::{Error, Result};

/// The value of a variable; `None` when it is unset or empty. What is not a text comes out as one that no variable may be.
pub(crate) fn text(variable: &str) -> Option<String> {
    let value = std::env::var_os(variable)?.to_string_lossy().into_owned();
    (!value.is_empty()).then_some(value)
}

/// Whether a variable turns something on.
///
/// asyncio takes any text for yes, `PYTHONASYNCIODEBUG=0` too. Whoever writes that means no, and who writes something else may mean either.
///
/// # Errors
/// Value, when it says neither yes nor no.
pub(crate) fn switch(variable: &str) -> Result<bool> {
    match text(variable).as_deref() {
        None | Some("0" | "false") => Ok(false),
        Some("1" | "true") => Ok(true),
        Some(other) => {
            let error = Error::value(format!(
                "{variable} is '{other}', it must be '1' or 'true', or '0' or 'false'"
            ));
            Err(error.without_place())
        }
    }
}
