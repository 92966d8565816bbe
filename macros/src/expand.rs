//! What becomes of a function: an ordinary one around it, which has a loop run it.

use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};

use crate::function::Function;
use crate::options::Clock;

/// A program that fails shows why, so it returns a result even where its `main` does not.
pub(crate) fn main(function: Function) -> TokenStream {
    let output = match returns_nothing(&function) {
        true => code("-> ::kolo::Result<()>", function.name.span()),
        false => function.output.clone(),
    };
    let call = call("::kolo::Runner::builder()", &function);
    around(&function, TokenStream::new(), output, call)
}

pub(crate) fn test(function: Function, clock: Clock) -> TokenStream {
    let span = function.name.span();
    let runner = match clock {
        Clock::Virtual => "::kolo::Runner::builder().clock(::kolo::Clock::Virtual)",
        Clock::Real => "::kolo::Runner::builder().clock(::kolo::Clock::Real)",
    };
    let mut call = call(runner, &function);
    if returns_nothing(&function) {
        // The test's own panic goes on, for `#[should_panic(expected = ...)]`.
        let or_panic = ".unwrap_or_else(|error| match error.take_panic() {
            ::core::option::Option::Some(panic) => ::std::panic::resume_unwind(panic),
            ::core::option::Option::None => ::core::panic!(\"{error:?}\"),
        })";
        call.extend(code(or_panic, span));
    }
    let attribute = code("#[::core::prelude::v1::test]", span);
    let output = function.output.clone();
    around(&function, attribute, output, call)
}

fn returns_nothing(function: &Function) -> bool {
    function.output.is_empty()
}

/// `run(runner, name())`. A type that the function must not return is underlined where it is written.
fn call(runner: &str, function: &Function) -> TokenStream {
    let Function { name, output, .. } = function;
    let mut arguments = code(&format!("{runner},"), name.span());
    // After the arrow.
    let output: Vec<TokenTree> = output.clone().into_iter().skip(2).collect();
    let (first, last) = match (output.first(), output.last()) {
        (Some(first), Some(last)) => {
            arguments.extend(code(&format!("{name}()"), name.span()));
            (first.span(), last.span())
        }
        _ => {
            let body = format!("async {{ {name}().await; ::core::result::Result::Ok(()) }}");
            arguments.extend(code(&body, name.span()));
            (name.span(), name.span())
        }
    };
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(last);
    let call = [
        code("::kolo::attributes::", first),
        code("run", last),
        TokenTree::from(arguments).into(),
    ];
    call.into_iter().collect()
}

/// The function as it was written stays in one piece, within an ordinary one of its name: the compiler infers in it, and complains of it, as
/// if nothing stood around it.
fn around(function: &Function, attribute: TokenStream, output: TokenStream, call: TokenStream) -> TokenStream {
    let Function { name, body, .. } = function;
    let span = name.span();
    let named = |before: &str| {
        let parameters = Group::new(Delimiter::Parenthesis, TokenStream::new());
        let name: [TokenTree; 2] = [name.clone().into(), parameters.into()];
        TokenStream::from_iter([code(before, span), TokenStream::from_iter(name)])
    };
    let inner = [named("async fn"), function.output.clone(), body.clone().into(), call];
    let mut inner = Group::new(Delimiter::Brace, inner.into_iter().collect());
    inner.set_span(body.span());
    let outer = [
        attribute,
        function.attributes.clone(),
        function.visibility.clone(),
        named("fn"),
        output,
        TokenTree::from(inner).into(),
    ];
    outer.into_iter().collect()
}

/// Tokens that count as written at `span`: the places in reports are then the user's.
fn code(text: &str, span: Span) -> TokenStream {
    let tokens: TokenStream = text.parse().expect("Rust");
    spanned(tokens, span)
}

fn spanned(tokens: TokenStream, span: Span) -> TokenStream {
    let at = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), spanned(group.stream(), span)).into();
        }
        token.set_span(span);
        token
    };
    tokens.into_iter().map(at).collect()
}
