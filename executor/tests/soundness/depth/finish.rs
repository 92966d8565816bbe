//! What waits for each other in a long chain ends, one hop after the other.

use kolo_executor::testing::run;
use kolo_executor::{Error, sleep};

use super::{DEPTH, LINKS, chain, on_a_small_stack};

#[test]
fn a_long_chain_of_values() {
    on_a_small_stack(concat!(module_path!(), "::a_long_chain_of_values"), || {
        for (name, link) in LINKS {
            run(async move {
                let (end, top) = chain(DEPTH, link);
                sleep(0).await?;
                end.set_result(())?;
                (&top).await?;
                assert!(top.done(), "{name}");
                Ok(())
            })
            .unwrap();
        }
    });
}

#[test]
fn a_long_chain_of_errors() {
    on_a_small_stack(concat!(module_path!(), "::a_long_chain_of_errors"), || {
        for (name, link) in LINKS {
            run(async move {
                let (end, top) = chain(DEPTH, link);
                sleep(0).await?;
                end.set_error(Error::other(name))?;
                let outcome = (&top).await;
                if name != "gather of errors" {
                    assert_eq!(outcome.unwrap_err().message(), name);
                }
                Ok(())
            })
            .unwrap();
        }
    });
}
