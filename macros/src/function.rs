//! An `async fn` without arguments, taken apart as far as the attributes have to know it.

use std::iter::Peekable;

use proc_macro::{Delimiter, Group, Ident, TokenStream, TokenTree, token_stream};

use crate::mistake::Mistake;

pub(crate) struct Function {
    pub(crate) attributes: TokenStream,
    pub(crate) visibility: TokenStream,
    pub(crate) name: Ident,
    /// `-> Type`; empty when it returns nothing.
    pub(crate) output: TokenStream,
    pub(crate) body: TokenTree,
}

type Tokens = Peekable<token_stream::IntoIter>;

impl Function {
    /// Takes `item` apart, on which the attribute `#[kolo::what]` stands.
    pub(crate) fn parse(what: &str, item: TokenStream) -> Result<Function, Mistake> {
        let mut tokens = item.into_iter().peekable();
        let attributes = attributes(&mut tokens);
        let visibility = visibility(&mut tokens);
        let name = head(what, &mut tokens)?;
        no_parameters(what, &name, &mut tokens)?;
        let mut rest: Vec<TokenTree> = tokens.collect();
        let body = rest.pop().filter(is_block);
        let body =
            body.ok_or_else(|| Mistake::at(name.span(), format!("`#[kolo::{what}]` goes on an `async fn` with a body")))?;
        let output = if is_unit(&rest) { Vec::new() } else { rest };
        Ok(Function {
            attributes,
            visibility,
            name,
            output: output.into_iter().collect(),
            body,
        })
    }
}

/// `#[...]`, as often as there is one.
fn attributes(tokens: &mut Tokens) -> TokenStream {
    let mut found = Vec::new();
    while let Some(hash) = tokens.next_if(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == '#')) {
        found.push(hash);
        found.extend(tokens.next());
    }
    found.into_iter().collect()
}

/// `pub`, `pub(...)`, or what a macro has matched as one.
fn visibility(tokens: &mut Tokens) -> TokenStream {
    let mut found = Vec::new();
    if let Some(matched) = tokens.next_if(|token| has_delimiter(token, Delimiter::None)) {
        found.push(matched);
    } else if let Some(public) = tokens.next_if(|token| token.to_string() == "pub") {
        found.push(public);
        found.extend(tokens.next_if(|token| has_delimiter(token, Delimiter::Parenthesis)));
    }
    found.into_iter().collect()
}

/// `async fn name`.
fn head(what: &str, tokens: &mut Tokens) -> Result<Ident, Mistake> {
    let mut is_async = false;
    for token in tokens.by_ref() {
        let span = token.span();
        match token.to_string().as_str() {
            "async" => is_async = true,
            "fn" if is_async => break,
            "fn" => {
                let message = format!("`#[kolo::{what}]` goes on an `async fn`: write `async` in front of this `fn`");
                return Err(Mistake::at(span, message));
            }
            word @ ("const" | "unsafe" | "extern") => {
                return Err(Mistake::at(
                    span,
                    format!("a function under `#[kolo::{what}]` is not `{word}`"),
                ));
            }
            _ => {
                return Err(Mistake::at(
                    span,
                    format!("`#[kolo::{what}]` goes on an `async fn`, and on nothing else"),
                ));
            }
        }
    }
    match tokens.next() {
        Some(TokenTree::Ident(name)) => Ok(name),
        _ => Err(Mistake::at(
            proc_macro::Span::call_site(),
            format!("`#[kolo::{what}]` goes on an `async fn` with a name"),
        )),
    }
}

/// `()`: nobody would say what an argument is, or what a generic parameter stands for.
fn no_parameters(what: &str, name: &Ident, tokens: &mut Tokens) -> Result<(), Mistake> {
    match tokens.next() {
        Some(TokenTree::Group(list)) if list.delimiter() == Delimiter::Parenthesis => match ends(&list) {
            None => Ok(()),
            Some((first, last)) => {
                let instead = match what {
                    "main" => "; `std::env::args()` gives those of the program",
                    _ => "",
                };
                let message = format!("a function under `#[kolo::{what}]` has no arguments{instead}");
                Err(Mistake::new(message, first.span(), last.span()))
            }
        },
        other => {
            let span = other.map_or(name.span(), |token| token.span());
            let message = format!("a function under `#[kolo::{what}]` has no generic parameters");
            Err(Mistake::at(span, message))
        }
    }
}

/// The first and the last of what is in brackets.
fn ends(group: &Group) -> Option<(TokenTree, TokenTree)> {
    let mut inside = group.stream().into_iter();
    let first = inside.next()?;
    let last = inside.last().unwrap_or_else(|| first.clone());
    Some((first, last))
}

fn has_delimiter(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

/// `{ ... }`, or what a macro has matched as one.
fn is_block(token: &TokenTree) -> bool {
    has_delimiter(token, Delimiter::Brace) || has_delimiter(token, Delimiter::None)
}

/// Nothing, or `-> ()`.
fn is_unit(output: &[TokenTree]) -> bool {
    match output {
        [] => true,
        [_, _, TokenTree::Group(unit)] => unit.delimiter() == Delimiter::Parenthesis && unit.stream().is_empty(),
        _ => false,
    }
}
