//! What tasks wait on. A runtime's own where it has one, otherwise what people use with it.

mod bare;
mod flume;
mod futures;
mod glommio;
mod kolo;
mod local_sync;
mod smol;
mod tokio;
mod unsync;

pub use self::bare::{BareEvent, BareQueue};
pub use self::flume::Flume;
pub use self::futures::{FuturesChannel, FuturesMutex};
pub use self::glommio::{GlommioChannel, GlommioSemaphore};
pub use self::kolo::{KoloEvent, KoloLock, KoloQueue, KoloSemaphore};
pub use self::local_sync::{LocalSyncChannel, LocalSyncSemaphore};
pub use self::smol::{AsyncChannel, AsyncMutex, AsyncSemaphore, ListenedEvent};
pub use self::tokio::{TokioChannel, TokioMutex, TokioNotify, TokioSemaphore};
pub use self::unsync::{UnsyncChannel, UnsyncSemaphore};

/// A lock or a semaphore: something of which only so many can have a share at a time.
pub trait Shares: 'static {
    const NAME: &'static str;

    /// A lock has one share.
    fn new(shares: usize) -> Self;

    /// Waits for a share and holds it until the result is dropped.
    fn hold(&self) -> impl Future<Output = impl Sized>;
}

/// A bounded queue, as a pair of ends.
pub trait Channel: 'static {
    const NAME: &'static str;
    type Sender: 'static;
    type Receiver: 'static;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver);
    fn send(sender: &mut Self::Sender, item: usize) -> impl Future<Output = ()>;
    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = usize>;
}

/// Something that happens once and that any number of tasks wait for.
pub trait Event: Default + 'static {
    const NAME: &'static str;
    type Error;

    fn wait(&self) -> impl Future<Output = Result<(), Self::Error>>;
    fn set(&self);
}
