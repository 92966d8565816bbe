//! Streams take turns, as async generators do. Notes: in prose, on `async for`.

use std::pin::pin;

use futures_util::{Stream, TryStreamExt, stream};
use kolo::{Result, gather, run, running_loop, sleep};

/// The generator's `finally`: dropped when the stream has ended, or is dropped where it stands.
struct Closed(&'static str);

impl Drop for Closed {
    fn drop(&mut self) {
        println!("{} generator closed", self.0);
    }
}

fn countdown(name: &'static str, n: u32) -> impl Stream<Item = Result<u32>> {
    stream::try_unfold((n, Closed(name)), move |(left, closed)| async move {
        if left < n {
            sleep(1).await?;
        }
        Ok((left > 0).then(|| (left, (left - 1, closed))))
    })
}

fn ticker(n: u32) -> impl Stream<Item = Result<u32>> {
    stream::try_unfold(n, async |left| {
        if left == 0 {
            return Ok(None);
        }
        sleep(0.5).await?;
        Ok(Some((left - 1, left - 1)))
    })
}

async fn watch(name: &str, stream: impl Stream<Item = Result<u32>>) -> Result<()> {
    let mut values = pin!(stream);
    while let Some(value) = values.try_next().await? {
        println!("{:.1} {name} {value}", running_loop().time());
    }
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        gather!(watch("countdown", countdown("a", 3)), watch("ticker", ticker(4))).await?;
        let values: Vec<_> = countdown("b", 2).try_collect().await?;
        println!("{values:?}");
        let mut generator = Box::pin(countdown("c", 5));
        generator.try_next().await?;
        drop(generator);
        Ok(())
    })
}
