//! Python's spelling of values, so that an example's output can be held against that of the notes.

use kolo::{Error, Kind, Result};

/// A value as Python's `repr` writes it: `True`, `None`, `'text'`, `[1, 2]`, `ValueError('bad')`.
pub(crate) trait Repr {
    fn repr(&self) -> String;
}

impl Repr for bool {
    fn repr(&self) -> String {
        String::from(if *self { "True" } else { "False" })
    }
}

impl Repr for () {
    fn repr(&self) -> String {
        String::from("None")
    }
}

impl Repr for u32 {
    fn repr(&self) -> String {
        self.to_string()
    }
}

impl Repr for f64 {
    fn repr(&self) -> String {
        format!("{self:?}")
    }
}

impl Repr for str {
    fn repr(&self) -> String {
        format!("'{}'", self.replace('\n', "\\n"))
    }
}

impl Repr for String {
    fn repr(&self) -> String {
        self.as_str().repr()
    }
}

/// Bytes, which are `bytes` there: `b'one\r\n'`.
impl Repr for [u8] {
    fn repr(&self) -> String {
        format!("b'{}'", self.escape_ascii())
    }
}

impl<T: Repr> Repr for [T] {
    fn repr(&self) -> String {
        let items: Vec<_> = self.iter().map(Repr::repr).collect();
        format!("[{}]", items.join(", "))
    }
}

impl<T: Repr> Repr for Vec<T> {
    fn repr(&self) -> String {
        self.as_slice().repr()
    }
}

impl<T: Repr + ?Sized> Repr for &T {
    fn repr(&self) -> String {
        (**self).repr()
    }
}

impl<T: Repr> Repr for Option<T> {
    fn repr(&self) -> String {
        self.as_ref().map_or(String::from("None"), Repr::repr)
    }
}

/// An outcome of `gather` with `return_exceptions`: the value, or the error in its place.
impl<T: Repr> Repr for Result<T> {
    fn repr(&self) -> String {
        match self {
            Ok(value) => value.repr(),
            Err(error) => error.repr(),
        }
    }
}

impl Repr for Error {
    fn repr(&self) -> String {
        let name = match self.kind() {
            Kind::Cancelled => "CancelledError",
            Kind::Timeout => "TimeoutError",
            Kind::InvalidState => "InvalidStateError",
            Kind::Runtime => "RuntimeError",
            Kind::Value => "ValueError",
            Kind::Io => "OSError",
            _ => "Exception",
        };
        match self.message() {
            "" => format!("{name}()"),
            message => format!("{name}('{message}')"),
        }
    }
}

/// Bytes as Python writes them.
pub(crate) fn bytes_repr(bytes: &[u8]) -> String {
    let escaped: String = bytes
        .iter()
        .map(|&byte| std::ascii::escape_default(byte).to_string())
        .collect();
    format!("b'{}'", escaped.replace("\\\"", "\""))
}
