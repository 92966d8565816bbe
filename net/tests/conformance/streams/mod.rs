//! `test_streams`.

mod connections;
mod lines;
mod reads;
mod servers;
mod shown;

use kolo_executor::{Result, Task, create_task};
use kolo_net::StreamReader;

const DATA: &[u8] = b"line1\nline2\nline3\n";

/// A reader that has been given this.
fn fed(data: impl AsRef<[u8]>) -> StreamReader {
    let reader = StreamReader::new();
    reader.feed_data(data);
    reader
}

/// How many bytes it has.
fn buffered(reader: &StreamReader) -> usize {
    let shown = format!("{reader:?}");
    let count = shown.split(" bytes").next().and_then(|start| start.split(' ').nth(1));
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// A task that reads.
fn task<T: 'static>(read: impl Future<Output = Result<T>> + 'static) -> Task<T> {
    create_task(read)
}
