//! `Element`: what can be in shared memory.

/// A number, or a `bool`: what a [`Value`](crate::multiprocessing::Value) is, and the elements of an [`Array`](crate::multiprocessing::Array). Mirrors the type
/// codes of `multiprocessing`.
///
/// | in Python | here |
/// |---|---|
/// | `'b'`, `'h'`, `'i'`, `'q'` | `i8`, `i16`, `i32`, `i64` |
/// | `'B'`, `'H'`, `'I'`, `'Q'` | `u8`, `u16`, `u32`, `u64` |
/// | `'f'`, `'d'` | `f32`, `f64` |
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be in memory that processes share",
    note = "numbers and `bool` can; what points to something else cannot, because that stays in its process"
)]
pub trait Element: Copy + Default + Send + Sync + 'static {
    /// As many bytes as it has.
    #[doc(hidden)]
    type Bytes: AsRef<[u8]> + AsMut<[u8]> + Default;

    #[doc(hidden)]
    fn to_bytes(self) -> Self::Bytes;

    #[doc(hidden)]
    fn from_bytes(bytes: Self::Bytes) -> Self;
}

macro_rules! numbers {
    ($($Number:ident)*) => {$(
        impl Element for $Number {
            type Bytes = [u8; size_of::<$Number>()];

            fn to_bytes(self) -> Self::Bytes {
                self.to_ne_bytes()
            }

            fn from_bytes(bytes: Self::Bytes) -> Self {
                $Number::from_ne_bytes(bytes)
            }
        }
    )*};
}

numbers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64);

impl Element for bool {
    type Bytes = [u8; 1];

    fn to_bytes(self) -> Self::Bytes {
        [self.into()]
    }

    fn from_bytes([byte]: Self::Bytes) -> Self {
        byte != 0
    }
}
