use kolo::{Promise, Result};

use super::Event;

/// A promise that many tasks wait for.
pub struct KoloPromise(Promise<()>);

impl Default for KoloPromise {
    fn default() -> Self {
        KoloPromise(Promise::new())
    }
}

impl Event for KoloPromise {
    const NAME: &'static str = "a promise";
    type Error = kolo::Error;

    async fn wait(&self) -> Result<()> {
        (&self.0).await
    }

    fn set(&self) {
        self.0.set_result(()).expect("set once");
    }
}
