//! What is told of an attribute that stands where it cannot, at the words that are wrong.

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// A message, and the first and the last of the words it is about.
pub(crate) struct Mistake {
    message: String,
    first: Span,
    last: Span,
}

impl Mistake {
    pub(crate) fn new(message: impl Into<String>, first: Span, last: Span) -> Mistake {
        let message = message.into();
        Mistake { message, first, last }
    }

    /// About one word, or one pair of brackets.
    pub(crate) fn at(span: Span, message: impl Into<String>) -> Mistake {
        Mistake::new(message, span, span)
    }

    /// An error for the compiler, beside the item as it was written. Within a function of its name: what else the compiler had to say of the
    /// item (that `main` is not there, or must not be `async`) would be of no help.
    pub(crate) fn beside(&self, item: TokenStream) -> TokenStream {
        let error = self.compile_error();
        let is_fn = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word.to_string() == "fn");
        let name = item.clone().into_iter().skip_while(|token| !is_fn(token)).nth(1);
        let Some(TokenTree::Ident(name)) = name else {
            return TokenStream::from_iter([error, item]);
        };
        let around: [TokenTree; 4] = [
            Ident::new("fn", name.span()).into(),
            name.into(),
            Group::new(Delimiter::Parenthesis, TokenStream::new()).into(),
            Group::new(Delimiter::Brace, item).into(),
        ];
        TokenStream::from_iter([error, TokenStream::from_iter(around)])
    }

    /// `::core::compile_error! { "..." }`: the compiler underlines what lies between the spans of the first and the last of these.
    fn compile_error(&self) -> TokenStream {
        let mut message = Literal::string(&self.message);
        message.set_span(self.last);
        let mut braced = Group::new(Delimiter::Brace, TokenTree::from(message).into());
        braced.set_span(self.last);
        let colon = |spacing| TokenTree::from(Punct::new(':', spacing));
        let tokens: [TokenTree; 8] = [
            colon(Spacing::Joint),
            colon(Spacing::Alone),
            Ident::new("core", self.first).into(),
            colon(Spacing::Joint),
            colon(Spacing::Alone),
            Ident::new("compile_error", self.first).into(),
            Punct::new('!', Spacing::Alone).into(),
            braced.into(),
        ];
        let spanned = tokens.into_iter().map(|mut token| {
            if matches!(token, TokenTree::Punct(_)) {
                token.set_span(self.first);
            }
            token
        });
        spanned.collect()
    }
}
