//! `Array`: several values that several processes see.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use kolo_executor::{Error, Result};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::cargo;
use crate::multiprocessing::element::Element;
use crate::multiprocessing::lock::Lock;
use crate::multiprocessing::memory::Memory;

/// Several numbers, of a fixed length, that several processes see. A handle: clones are the same array, and so is what another process gets, whose
/// function is given one. Mirrors `multiprocessing.Array`.
///
/// Each reading and each writing takes the [lock](Array::get_lock) by itself; what is to be done together is done with it held. Each is a few system
/// calls, some microseconds in all, for an element as for the whole.
///
/// ```
/// use kolo::multiprocessing::Array;
///
/// let shared = Array::new([1, 2, 3])?;
/// for index in 0..shared.len() {
///     shared.set(index, shared.get(index)? * 10)?;
/// }
/// assert_eq!(shared.to_vec()?, [10, 20, 30]);
/// # Ok::<(), kolo::Error>(())
/// ```
pub struct Array<T> {
    memory: Arc<Memory>,
    length: usize,
    of: PhantomData<fn(T) -> T>,
}

impl<T: Element> Array<T> {
    /// With these elements; `[0; 10]` are ten zeros.
    ///
    /// # Errors
    /// Io, when the system has no memory or no descriptor for it.
    #[track_caller]
    pub fn new(elements: impl IntoIterator<Item = T>) -> Result<Array<T>> {
        let bytes = bytes_of(elements);
        Ok(Array {
            memory: Arc::new(Memory::new(&bytes)?),
            length: bytes.len() / size_of::<T::Bytes>(),
            of: PhantomData,
        })
    }

    /// How many elements it has. Mirrors `len(array)`.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Where that element is; of `count` of them.
    #[track_caller]
    fn place(&self, index: usize, count: usize) -> Result<u64> {
        match index.checked_add(count) {
            Some(end) if end <= self.length => Ok((index * size_of::<T::Bytes>()) as u64),
            _ => Err(Error::value("invalid index")),
        }
    }

    /// That element. Mirrors `array[index]`.
    ///
    /// # Errors
    /// Value, when there is none; Io, when the system refuses it.
    #[track_caller]
    pub fn get(&self, index: usize) -> Result<T> {
        let place = self.place(index, 1)?;
        let mut bytes = T::Bytes::default();
        self.memory.read(bytes.as_mut(), place)?;
        Ok(T::from_bytes(bytes))
    }

    /// Puts another in place of that element. Mirrors `array[index] = element`.
    ///
    /// # Errors
    /// As [`get`](Array::get).
    #[track_caller]
    pub fn set(&self, index: usize, element: T) -> Result<()> {
        let place = self.place(index, 1)?;
        Ok(self.memory.write(element.to_bytes().as_ref(), place)?)
    }

    /// All of them, as they are at one moment. Mirrors `array[:]`.
    ///
    /// # Errors
    /// Io, when the system refuses it.
    #[track_caller]
    pub fn to_vec(&self) -> Result<Vec<T>> {
        let mut all = vec![0; self.length * size_of::<T::Bytes>()];
        self.memory.read(&mut all, 0)?;
        let element = |bytes: &[u8]| {
            let mut its_own = T::Bytes::default();
            its_own.as_mut().copy_from_slice(bytes);
            T::from_bytes(its_own)
        };
        Ok(all.chunks_exact(size_of::<T::Bytes>()).map(element).collect())
    }

    /// Puts these in place of as many, from that place on, all at one moment. Mirrors `array[index:] = elements`.
    ///
    /// ```
    /// use kolo::multiprocessing::Array;
    ///
    /// let shared = Array::new([0; 4])?;
    /// assert!(!shared.is_empty());
    /// shared.set_all(1, [10, 20])?;
    /// let _held = shared.get_lock().hold()?; // nobody comes between what follows
    /// shared.set(0, shared.get(1)? + shared.get(2)?)?;
    /// assert_eq!(shared.to_vec()?, [30, 10, 20, 0]);
    /// # Ok::<(), kolo::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`get`](Array::get).
    #[track_caller]
    pub fn set_all(&self, index: usize, elements: impl IntoIterator<Item = T>) -> Result<()> {
        let bytes = bytes_of(elements);
        let place = self.place(index, bytes.len() / size_of::<T::Bytes>())?;
        Ok(self.memory.write(&bytes, place)?)
    }
}

impl<T> Array<T> {
    /// What excludes all others while it is held. Mirrors `array.get_lock()`.
    pub fn get_lock(&self) -> &Lock {
        &self.memory.lock
    }
}

fn bytes_of<T: Element>(elements: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for element in elements {
        bytes.extend_from_slice(element.to_bytes().as_ref());
    }
    bytes
}

impl<T> Clone for Array<T> {
    fn clone(&self) -> Self {
        Array {
            memory: self.memory.clone(),
            length: self.length,
            of: PhantomData,
        }
    }
}

impl<T: Element + fmt::Debug> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_vec() {
            Ok(elements) => write!(f, "<Array {elements:?}>"),
            Err(error) => write!(f, "<Array {error}>"),
        }
    }
}

/// As an argument of a call in another process, and not otherwise: it says where the memory is, as long as somebody has it.
impl<T> Serialize for Array<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !cargo::add(&self.memory) {
            let text = "shared objects should only be shared between processes as arguments of `partial!`";
            return Err(S::Error::custom(text));
        }
        self.memory.path().serialize(serializer)
    }
}

impl<'de, T: Element> Deserialize<'de> for Array<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let opened = Memory::open(Deserialize::deserialize(deserializer)?).and_then(|memory| {
            Ok(Array {
                length: memory.length()? as usize / size_of::<T::Bytes>(),
                memory: Arc::new(memory),
                of: PhantomData,
            })
        });
        opened.map_err(D::Error::custom)
    }
}
