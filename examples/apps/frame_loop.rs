//! A game with a frame loop of its own: kolo runs its scripts between two frames, while a thread loads what they wait for.

use std::thread;
use std::time::{Duration, Instant};

use kolo::{EventLoop, Queue, RemoteRef, Result, Runner, Turn, sleep, timeout};

const FRAME: Duration = Duration::from_millis(8);

struct Level {
    name: &'static str,
    /// Seconds from one room to the next.
    rooms: Vec<f64>,
}

/// Runs in a thread, and takes its time. The queue stays where the scripts are: what is to be done with it is sent there.
fn load(levels: RemoteRef<Queue<Level>>) -> Result<()> {
    let sizes = [("the cellar", 2), ("the tower", 60), ("the garden", 3)];
    for (name, rooms) in sizes {
        thread::sleep(Duration::from_millis(20));
        let rooms = vec![0.05; rooms];
        levels.call(move |levels| levels.put_nowait(Level { name, rooms }))?;
    }
    levels.call(|levels| levels.shutdown(false))
}

/// The way through a level, room by room.
async fn walk(level: &Level) -> Result<usize> {
    for seconds in &level.rooms {
        sleep(*seconds).await?;
    }
    println!("{}: all {} rooms", level.name, level.rooms.len());
    Ok(level.rooms.len())
}

async fn play(levels: Queue<Level>) -> Result<usize> {
    let mut score = 0;
    let mut levels = levels.items();
    while let Some(level) = levels.next().await {
        let level = level?;
        println!("{} opens", level.name);
        match timeout(0.3, walk(&level)).await {
            Ok(rooms) => score += rooms,
            Err(error) if error.is_timeout() => println!("{}: too slow", level.name),
            Err(error) => return Err(error),
        }
    }
    Ok(score)
}

/// Plays until it is cancelled, and then fades out.
async fn music() -> Result<()> {
    let outcome = sleep(3600).await;
    sleep(0.1).await?;
    println!("the music has faded");
    outcome
}

/// What the game has to do for each frame.
#[derive(Default)]
struct Screen {
    frames: u32,
}

impl Screen {
    fn draw(&mut self) {
        self.frames += 1;
    }
}

/// Runs what is ready, up to this moment, and never waits.
fn run_scripts(scripts: &EventLoop, until: Instant) -> Result<()> {
    while scripts.turn()? == Turn::Now && Instant::now() < until {}
    Ok(())
}

fn main() -> Result<()> {
    // A runner closes its loop in good order, however that was run.
    let runner = Runner::builder().build()?;
    let scripts = runner.event_loop();

    let levels = Queue::new(0);
    // While the thread has it the loop knows that something may still come: the virtual clock does not run ahead.
    let there = scripts.remote_ref(levels.clone());
    let loader = thread::spawn(move || load(there));
    scripts.create_task(music());
    let game = scripts.create_task(play(levels));

    let mut screen = Screen::default();
    while !game.done() {
        let next_frame = Instant::now() + FRAME;
        run_scripts(scripts, next_frame)?;
        screen.draw();
        thread::sleep(next_frame.saturating_duration_since(Instant::now()));
    }
    assert!(screen.frames > 3, "nothing was seen of the game");
    println!("score: {}", game.result()?);
    // What is left, the music, is cancelled and waited for.
    runner.close()?;
    loader.join().expect("the loader does not panic")
}
