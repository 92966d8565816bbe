//! A program with a frame loop that is woken by messages, as windowing libraries have it: it draws what kolo's tasks have changed, and sleeps
//! when nothing moves.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use kolo::{Completer, EventLoop, Promise, Queue, Result, Turn, sleep};

/// What wakes the window.
enum Message {
    Kolo,
    Key(char),
}

/// What is to be seen, and whether it has changed since it was drawn.
#[derive(Clone, Default)]
struct Scene(Rc<RefCell<Option<String>>>);

impl Scene {
    fn show(&self, text: impl Into<String>) {
        self.0.replace(Some(text.into()));
    }
}

fn load(completer: Completer<&'static str>) -> Result<()> {
    completer.set_result("a meadow")
}

async fn play(scene: Scene, level: Promise<&'static str>, keys: Queue<char>) -> Result<()> {
    for position in 1..=3 {
        scene.show(format!("the ball at {position}"));
        sleep(1.0 / 60.0).await?;
    }
    scene.show(level.await?);
    // Nothing moves until somebody presses a key.
    let key = keys.get().await?;
    scene.show(format!("the end, by {key}"));
    sleep(0).await
}

fn main() -> Result<()> {
    let event_loop = EventLoop::new()?;
    let (window, messages) = channel();
    let wakes = window.clone();
    event_loop.on_wake(Some(Arc::new(move || drop(wakes.send(Message::Kolo)))));

    let (completer, level) = event_loop.remote_promise();
    let (scene, keys) = (Scene::default(), Queue::new(0));
    event_loop.create_task(play(scene.clone(), level, keys.clone()));
    thread::spawn(move || load(completer));

    let (mut turns, mut frames) = (0, 0);
    loop {
        let turn = event_loop.turn()?;
        turns += 1;
        if let Some(text) = scene.0.take() {
            frames += 1;
            println!("frame {frames}: {text}");
            if text == "a meadow" {
                // Somebody sees it, and presses a key.
                let _ = window.send(Message::Key('q'));
            }
        }
        let message = match (turn, turn.timeout(&event_loop)) {
            (Turn::Done, _) => break,
            (_, Some(timeout)) => messages.recv_timeout(timeout).ok(),
            (_, None) => messages.recv().ok(),
        };
        match message {
            Some(Message::Key(key)) => keys.put_nowait(key)?,
            Some(Message::Kolo) | None => {}
        }
    }
    println!("{} turns", if turns <= 20 { "few" } else { "many" });
    Ok(())
}
