//! What two processes say to each other: a number and a value, in CBOR.
//!
//! A letter is the length of its body, eight bytes, its number, four, and the body. The two have the same program, and so the same byte order.

use std::any::type_name;
use std::fmt;
use std::io::{self, Read, Write};

use cbor4ii::serde::{DecodeError, EncodeError, from_slice, to_vec};
use kolo_executor::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

const LENGTH: usize = 8;
const HEAD: usize = LENGTH + 4;

/// One that is to be sent: the head and the body, to be written in one go.
pub(crate) struct Letter(Vec<u8>);

/// One that has come.
pub(crate) struct Received {
    pub(crate) number: u32,
    body: Vec<u8>,
}

impl Letter {
    /// `what` the value is, for the error.
    pub(crate) fn write<T: Serialize>(number: u32, what: &str, value: &T) -> Result<Letter> {
        let mut head = vec![0; LENGTH];
        head.extend(number.to_ne_bytes());
        let mut bytes = to_vec(head, value).map_err(|error| {
            let why: &dyn fmt::Display = match &error {
                EncodeError::Custom(text) => text,
                EncodeError::Core(_) => &error,
            };
            Error::value(format!("{what} of type `{}` cannot be serialised: {why}", type_name::<T>())).without_place()
        })?;
        let length = (bytes.len() - HEAD) as u64;
        bytes[..LENGTH].copy_from_slice(&length.to_ne_bytes());
        Ok(Letter(bytes))
    }

    pub(crate) fn send(&self, mut to: impl Write) -> io::Result<()> {
        to.write_all(&self.0)
    }
}

impl Received {
    /// Waits for the next letter. `UnexpectedEof`, when the other side has closed.
    pub(crate) fn receive(from: &mut impl Read) -> io::Result<Received> {
        let (mut length, mut number) = ([0; LENGTH], [0; HEAD - LENGTH]);
        from.read_exact(&mut length)?;
        from.read_exact(&mut number)?;
        let length = u64::from_ne_bytes(length);
        let mut body = Vec::new();
        if from.take(length).read_to_end(&mut body)? as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Received {
            number: u32::from_ne_bytes(number),
            body,
        })
    }

    pub(crate) fn read<T: DeserializeOwned>(&self, what: &str) -> Result<T> {
        from_slice(&self.body).map_err(|error| {
            let why: &dyn fmt::Display = match &error {
                DecodeError::Custom(text) => text,
                DecodeError::Core(_) => &error,
            };
            Error::value(format!("{what} of type `{}` cannot be read: {why}", type_name::<T>())).without_place()
        })
    }
}
