//! The mistakes of new users, each a program in `tests/refused`, and beside it what the compiler says of it.
#![forbid(unsafe_code)]
