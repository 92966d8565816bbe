//! What stands in the brackets of `#[kolo::test(...)]` and `#[kolo::main]`.

use proc_macro::{TokenStream, TokenTree};

use crate::mistake::Mistake;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    Virtual,
    Real,
}

/// Refuses whatever is given to `#[kolo::main]`.
pub(crate) fn nothing(arguments: TokenStream) -> Result<(), Mistake> {
    let message = "`#[kolo::main]` takes no arguments; `KOLO_CLOCK` and `KOLO_DEBUG` act on the program, and `Runner::builder()` makes other loops";
    refuse(arguments.into_iter().collect(), message)
}

/// Reads `clock = "real"`; nothing is the virtual clock.
pub(crate) fn clock(arguments: TokenStream) -> Result<Clock, Mistake> {
    let mut tokens: Vec<TokenTree> = arguments.into_iter().collect();
    tokens.pop_if(|last| last.to_string() == ",");
    let words: Vec<String> = tokens.iter().map(TokenTree::to_string).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [] | ["clock", "=", r#""virtual""#] => Ok(Clock::Virtual),
        ["clock", "=", r#""real""#] => Ok(Clock::Real),
        _ => {
            refuse(
                tokens,
                "`#[kolo::test]` takes nothing, `clock = \"real\"` or `clock = \"virtual\"`",
            )?;
            Ok(Clock::Virtual)
        }
    }
}

fn refuse(tokens: Vec<TokenTree>, message: &str) -> Result<(), Mistake> {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => Err(Mistake::new(message, first.span(), last.span())),
        _ => Ok(()),
    }
}
