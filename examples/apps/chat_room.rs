//! A chat room in memory: nobody waits for a slow member, and when it closes everybody may read to the end, for a while.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use kolo::{Kind, Queue, Result, Task, gather, run, sleep, task_group, wait};

/// So many lines a member may be behind.
const BEHIND: usize = 3;
/// Seconds that are left for reading when the room closes.
const LAST_CALL: f64 = 1.0;

struct Member {
    inbox: Queue<Rc<str>>,
    reader: Task<usize>,
}

/// A handle, as kolo's own are: clones are the same room.
#[derive(Clone, Default)]
struct Room(Rc<RefCell<BTreeMap<&'static str, Member>>>);

impl Room {
    /// `pace`: how many seconds the member needs for a line.
    fn join(&self, name: &'static str, pace: f64) {
        let inbox = Queue::new(BEHIND);
        let reader = Task::builder().name(name).spawn(read(name, inbox.clone(), pace));
        self.0.borrow_mut().insert(name, Member { inbox, reader });
        self.publish(&format!("{name} joins"));
    }

    /// Gives the line to everybody, and drops whoever is too far behind. It awaits nothing, so nobody sees a line before another.
    fn publish(&self, line: &str) {
        let line: Rc<str> = line.into();
        let is_behind = |member: &Member| member.inbox.put_nowait(line.clone()).is_err();
        let slow: Vec<_> = self.0.borrow_mut().extract_if(.., |_, member| is_behind(member)).collect();
        for (name, member) in slow {
            member.reader.cancel_with("too slow");
            self.publish(&format!("{name} is dropped"));
        }
    }

    /// No more lines come. Whoever has not read to the end when the last call is over is cancelled.
    async fn close(self) -> Result<()> {
        let members = self.0.take();
        let readers: Vec<_> = members
            .into_values()
            .map(|Member { inbox, reader }| {
                inbox.shutdown(false);
                reader
            })
            .collect();
        let (_, late) = wait(&readers).timeout(LAST_CALL).await?;
        for reader in late {
            reader.cancel_with("the room closes");
        }
        for (reader, outcome) in readers.iter().zip(gather(&readers).return_exceptions().await?) {
            match outcome {
                Ok(lines) => println!("{} has read {lines} lines", reader.name()),
                Err(error) => println!("{} has not read to the end: {:?}", reader.name(), error.kind()),
            }
        }
        Ok(())
    }
}

/// Reads line by line, and says good-bye however that ends.
async fn read(name: &str, inbox: Queue<Rc<str>>, pace: f64) -> Result<usize> {
    let mut lines = 0;
    let outcome: Result<()> = async {
        loop {
            let line = inbox.get().await?;
            println!("{name:>5} | {line}");
            lines += 1;
            sleep(pace).await?;
        }
    }
    .await;
    match outcome {
        Err(error) if error.kind() == Kind::QueueShutDown => {
            println!("{name} leaves");
            Ok(lines)
        }
        Err(error) if error.is_cancelled() => {
            // A cancelled task may take its time, and await what it needs for an orderly end.
            sleep(0.01).await?;
            println!("{name} is thrown out: {}", error.message());
            Err(error)
        }
        outcome => outcome.map(|()| lines),
    }
}

async fn talk(name: &'static str, room: Room, first: f64, lines: &[&str]) -> Result<()> {
    sleep(first).await?;
    for line in lines {
        room.publish(&format!("{name}: {line}"));
        sleep(0.2).await?;
    }
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let room = Room::default();
        room.join("ann", 0.01);
        room.join("bob", 0.06);
        room.join("carol", 3600.0);

        let (to_ann, to_bob) = (room.clone(), room.clone());
        // Both have talked when this returns; had one failed, the other would have been cancelled.
        task_group(async |group| {
            group.create_task(talk("ann", to_ann, 0.1, &["hello", "is it raining?", "and now?"]))?;
            group.create_task(talk("bob", to_bob, 0.2, &["hi ann", "yes", "still"]))?;
            Ok(())
        })
        .await?;

        room.join("dan", 0.7);
        room.publish("the room closes");
        room.close().await
    })
}
