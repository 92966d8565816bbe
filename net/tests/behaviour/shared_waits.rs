//! What several tasks wait for at once.

use kolo_executor::testing::hops;
use kolo_executor::{Kind, create_task};
use kolo_net::open_connection_on;

use crate::sockets::pair_to_give;
use crate::support::outcome::kind_of;
use crate::support::runs::in_loop;

#[test]
fn all_who_wait_for_the_end_of_a_connection_are_told_of_it() {
    in_loop(async {
        let (ours, _theirs) = pair_to_give();
        let (_reader, writer) = open_connection_on(ours).await?;
        let [first, second] = [(); 2].map(|()| create_task(writer.wait_closed()));
        hops(1).await?;
        writer.close();
        first.await?;
        second.await?;
        // And whoever asks later.
        writer.wait_closed().await
    });
}

#[test]
fn to_cancel_one_of_them_is_to_cancel_all() {
    in_loop(async {
        let (ours, _theirs) = pair_to_give();
        let (_reader, writer) = open_connection_on(ours).await?;
        let [first, second] = [(); 2].map(|()| create_task(writer.wait_closed()));
        hops(1).await?;
        first.cancel();
        for waiting in [first, second] {
            assert_eq!(kind_of(waiting.await), Kind::Cancelled);
        }
        assert_eq!(kind_of(writer.wait_closed().await), Kind::Cancelled);
        Ok(())
    });
}
