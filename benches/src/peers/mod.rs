//! One adapter for each runtime, as thin as it can be.

mod compio;
mod futures;
mod glommio;
mod kolo;
mod monoio;
mod smol;
mod tokio;

pub use self::compio::Compio;
pub use self::futures::LocalPool;
pub use self::glommio::Glommio;
pub use self::kolo::Kolo;
pub use self::monoio::Monoio;
pub use self::smol::Smol;
pub use self::tokio::{CurrentThread, CurrentThreadYieldNow, LocalRuntime};
