//! Sources: their owners are told when readers would be called.

use std::cell::{Cell, OnceCell};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::testing::{Trace, hops};
use kolo_executor::{Kind, Promise, Result, running_loop, sleep};

use super::{pair, send, take, traced_to_the_end};
use crate::support::lives::{DropFlag, keep};
use crate::support::outcome::{error_of, kind_of};
use crate::support::runs::virtual_loop;

/// An owner that tells of it.
struct Owner {
    trace: Trace,
    name: &'static str,
    end: UnixStream,
    source: OnceCell<Source>,
    /// Whether it takes what has come, and says so.
    takes: Cell<bool>,
    /// What it does when it is told.
    acts: Cell<Option<Box<dyn FnOnce()>>>,
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<Owner {}>", self.name)
    }
}

impl Ready for Owner {
    fn ready(&self, interest: Interest) {
        let what = match interest {
            Interest::Read => self.name.to_owned(),
            Interest::Write => format!("{} writes", self.name),
        };
        self.trace.log_iteration(what);
        if self.takes.get() {
            let mut count = 0;
            while let Ok(more @ 1..) = (&self.end).read(&mut [0; 64]) {
                count += more;
            }
            assert!(count > 0, "told of nothing");
            self.source().drained(Interest::Read);
        }
        if let Some(act) = self.acts.take() {
            act();
        }
    }
}

impl Owner {
    fn source(&self) -> &Source {
        self.source.get().expect("it was made with one")
    }
}

/// An owner of one end of a pair, and the other.
fn owner(trace: &Trace, name: &'static str) -> Result<(Rc<Owner>, UnixStream)> {
    let (ours, theirs) = pair();
    let owner = Rc::new(Owner {
        trace: trace.clone(),
        name,
        end: ours,
        source: OnceCell::new(),
        takes: Cell::new(false),
        acts: Cell::new(None),
    });
    let source = Source::new(&running_loop(), &owner.end, owner.clone())?;
    owner.source.get_or_init(|| source);
    Ok((owner, theirs))
}

#[test]
fn an_owner_is_told_in_every_iteration_in_which_something_is_left() {
    let events = traced_to_the_end(async |trace| {
        let (a, to_a) = owner(&trace, "A")?;
        send(&to_a);
        hops(1).await?;
        trace.log_iteration("watches");
        a.source().watch(Interest::Read)?;
        a.source().watch(Interest::Read)?;
        hops(2).await?;
        a.takes.set(true);
        hops(3).await?;
        trace.log_iteration("sends");
        send(&to_a);
        hops(2).await?;
        a.source().close();
        Ok(())
    });
    assert_eq!(events, ["+1 watches", "+2 A", "+3 A", "+6 sends", "+7 A"]);
}

#[test]
fn one_that_stays_ready_keeps_its_place_before_one_that_becomes_so() {
    let events = traced_to_the_end(async |trace| {
        let [(c, to_c), (e, to_e)] = [owner(&trace, "C")?, owner(&trace, "E")?];
        e.source().watch(Interest::Read)?;
        c.source().watch(Interest::Read)?;
        send(&to_c);
        hops(3).await?;
        send(&to_e);
        hops(3).await?;
        c.source().close();
        e.source().close();
        Ok(())
    });
    assert_eq!(events, ["+1 C", "+2 C", "+3 C", "+4 C", "+4 E", "+5 C", "+5 E"]);
}

#[test]
fn of_one_descriptor_reading_is_told_first_and_its_owner_may_end_the_other() {
    let events = traced_to_the_end(async |trace| {
        let (a, to_a) = owner(&trace, "A")?;
        send(&to_a);
        a.source().watch(Interest::Write)?;
        a.source().watch(Interest::Read)?;
        hops(2).await?;
        let ends = a.clone();
        a.acts
            .set(Some(Box::new(move || assert!(ends.source().unwatch(Interest::Write)))));
        hops(2).await?;
        a.source().close();
        Ok(())
    });
    assert_eq!(events, ["+1 A", "+1 A writes", "+2 A", "+3 A"]);
}

#[test]
fn unwatched_and_watched_again_in_one_iteration_it_is_told_in_the_next() {
    let events = traced_to_the_end(async |trace| {
        let [(first, to_first), (a, to_a)] = [owner(&trace, "first")?, owner(&trace, "A")?];
        first.source().watch(Interest::Read)?;
        a.source().watch(Interest::Read)?;
        send(&to_first);
        send(&to_a);
        let again = a.clone();
        first.acts.set(Some(Box::new(move || {
            assert!(again.source().unwatch(Interest::Read));
            assert!(!again.source().unwatch(Interest::Read));
            again.source().watch(Interest::Read).expect("an open descriptor");
        })));
        hops(3).await?;
        first.source().close();
        a.source().close();
        Ok(())
    });
    assert_eq!(events, ["+1 first", "+2 first", "+2 A"]);
}

#[test]
fn a_hang_up_concerns_both_directions() {
    let events = traced_to_the_end(async |trace| {
        let (a, to_a) = owner(&trace, "A")?;
        a.source().watch(Interest::Read)?;
        drop(to_a);
        hops(3).await?;
        // It has ended: there is always something left, whatever the owner says.
        a.source().drained(Interest::Read);
        hops(2).await?;
        a.source().close();
        Ok(())
    });
    assert_eq!(events, ["+1 A", "+2 A", "+3 A", "+4 A"]);
}

#[test]
fn a_descriptor_belongs_to_its_owner_alone() {
    let events = traced_to_the_end(async |trace| {
        let (a, _to_a) = owner(&trace, "A")?;
        let number = a.end.as_raw_fd();
        let used = |call: &str| {
            let text = format!("{call}: File descriptor {number} is used by transport <Owner A>");
            (Kind::Runtime, text)
        };
        assert_eq!(error_of(running_loop().add_reader(&a.end, || {})), used("add_reader"));
        assert_eq!(error_of(running_loop().add_writer(&a.end, || {})), used("add_writer"));
        let second = Source::new(&running_loop(), &a.end, a.clone()).map(drop);
        assert_eq!(error_of(second), used("Source::new"));
        a.source().watch(Interest::Read)?;
        assert!(!running_loop().remove_reader(&a.end) && !running_loop().remove_writer(&a.end));
        assert!(a.source().is_watched(Interest::Read));
        assert_eq!(format!("{:?}", a.source()), format!("<Source fd={number} reading>"));
        a.source().close();
        // From then on it is anybody's.
        running_loop().add_reader(&a.end, || {})?;
        assert!(running_loop().remove_reader(&a.end));
        Ok(())
    });
    assert_eq!(events, [""; 0]);
}

#[test]
fn one_that_is_closed_is_told_of_nothing_also_if_that_was_about_to_happen() {
    let events = traced_to_the_end(async |trace| {
        let [(first, to_first), (a, to_a)] = [owner(&trace, "first")?, owner(&trace, "A")?];
        first.source().watch(Interest::Read)?;
        a.source().watch(Interest::Read)?;
        send(&to_first);
        send(&to_a);
        let closes = a.clone();
        first.acts.set(Some(Box::new(move || closes.source().close())));
        hops(2).await?;
        a.source().watch(Interest::Read)?;
        assert!(!a.source().is_watched(Interest::Read));
        hops(1).await?;
        first.source().close();
        first.source().close();
        Ok(())
    });
    assert_eq!(events, ["+1 first", "+2 first"]);
}

#[test]
fn its_owner_goes_when_it_is_closed_and_when_the_loop_is() {
    struct Owned(DropFlag);
    impl std::fmt::Debug for Owned {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("<Owned>")
        }
    }
    impl Ready for Owned {
        fn ready(&self, _: Interest) {
            keep(&self.0);
        }
    }
    for close_loop in [false, true] {
        let event_loop = virtual_loop();
        let (ours, _theirs) = pair();
        let (dropped, flag) = DropFlag::new();
        let source = Source::new(&event_loop, &ours, Rc::new(Owned(flag))).expect("an open loop");
        source.watch(Interest::Read).expect("an open descriptor");
        assert!(!dropped.get());
        match close_loop {
            false => source.close(),
            true => event_loop.close().expect("an idle loop"),
        }
        assert!(dropped.get(), "by the loop: {close_loop}");
        event_loop.close().expect("an idle loop");
        assert_eq!(
            kind_of(Source::new(&event_loop, &ours, Rc::new(Owned(DropFlag::default()))).map(drop)),
            Kind::Runtime
        );
    }
}

#[test]
fn one_that_is_not_watched_keeps_nobody_from_proving_a_deadlock() {
    let outcome = kolo_executor::testing::run(async {
        let (a, _to_a) = owner(&Trace::new(), "A")?;
        a.source().watch(Interest::Read)?;
        sleep(3600).await?;
        a.source().unwatch(Interest::Read);
        Promise::<()>::new().await
    });
    assert_eq!(kind_of(outcome), Kind::Deadlock);
}

#[test]
fn all_that_are_ready_are_told_in_one_iteration() {
    let events = traced_to_the_end(async |trace| {
        let owners = (0..200).map(|_| owner(&trace, "one")).collect::<Result<Vec<_>>>()?;
        for (owner, end) in &owners {
            owner.source().watch(Interest::Read)?;
            send(end);
        }
        hops(2).await?;
        for (owner, _) in &owners {
            take(&owner.end);
            owner.source().close();
        }
        Ok(())
    });
    assert_eq!(events, vec!["+1 one"; 200]);
}
