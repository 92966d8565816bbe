//! `LifoQueueTests`: the last in is the first out.

use kolo_executor::testing::run;
use kolo_sync::LifoQueue;

#[test]
fn test_order() {
    run(async {
        let queue = LifoQueue::new(0);
        for item in [1, 3, 2] {
            queue.put(item).await?;
        }
        assert_eq!([queue.get().await?, queue.get().await?, queue.get().await?], [2, 3, 1]);
        Ok(())
    })
    .unwrap();
}
