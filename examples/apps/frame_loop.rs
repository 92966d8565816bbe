//! A game with a frame loop of its own: kolo runs its scripts between two frames, while a thread loads what they wait for.

use std::thread;
use std::time::{Duration, Instant};

use futures_channel::mpsc;
use futures_util::StreamExt;
use kolo::{EventLoop, Queue, Result, Runner, Turn, running_loop, sleep, timeout};

const FRAME: Duration = Duration::from_millis(8);

struct Level {
    name: &'static str,
    /// Seconds from one room to the next.
    rooms: Vec<f64>,
}

/// Runs in a thread, and takes its time.
fn load(levels: mpsc::UnboundedSender<Level>) {
    let sizes = [("the cellar", 2), ("the tower", 60), ("the garden", 3)];
    for (name, rooms) in sizes {
        thread::sleep(Duration::from_millis(20));
        let rooms = vec![0.05; rooms];
        if levels.unbounded_send(Level { name, rooms }).is_err() {
            return; // the game is over
        }
    }
}

/// Takes what the thread sends. The channel is another crate's: it wakes this task from there.
async fn receive(mut loaded: mpsc::UnboundedReceiver<Level>, levels: Queue<Level>) -> Result<()> {
    // The loop cannot see the thread: so it is told that something may still come, and a virtual clock does not run ahead of it.
    let _loading = running_loop().keep_alive();
    while let Some(level) = loaded.next().await {
        levels.put(level).await?;
    }
    levels.shutdown(false);
    Ok(())
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

    let (sender, loaded) = mpsc::unbounded();
    let loader = thread::spawn(move || load(sender));
    let levels = Queue::new(0);
    scripts.create_task(receive(loaded, levels.clone()));
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
    loader.join().expect("the loader does not panic");
    Ok(())
}
