//! Pages fetched through channels of another crate: so many at a time, so many a second, each with a time-out, until told to stop.

use std::error::Error;
use std::fmt;
use std::pin::pin;

use futures_channel::{mpsc, oneshot};
use futures_util::StreamExt;
use futures_util::future::{Either, join_all, select};
use kolo::{Queue, Result, Semaphore, Task, create_task, gather, run, running_loop, sleep, wait_for};

const AT_ONCE: usize = 2;
/// Seconds from one request to the next.
const EVERY: f64 = 0.3;
/// Seconds that an answer may take.
const LIMIT: f64 = 0.8;

struct Request {
    page: u32,
    answer: oneshot::Sender<String>,
}

fn say(text: impl fmt::Display) {
    println!("{:.1}s {text}", running_loop().time());
}

/// Stands for a server: it answers after a while, too late, or never.
async fn serve(mut requests: mpsc::UnboundedReceiver<Request>) -> Result<()> {
    while let Some(Request { page, answer }) = requests.next().await {
        create_task(async move {
            sleep(if page == 2 { 5.0 } else { 0.4 }).await?;
            if page == 3 {
                return Ok(()); // the connection is lost: the answer is dropped
            }
            // Whoever asked may have gone.
            let _ = answer.send(format!("<h1>{page}</h1>"));
            Ok(())
        });
    }
    Ok(())
}

/// Makes a ticket for a request in every so many seconds, up to three in advance.
async fn make_tickets(tickets: Queue<()>) -> Result<()> {
    loop {
        tickets.put(()).await?;
        sleep(EVERY).await?;
    }
}

#[derive(Clone)]
struct Client {
    requests: mpsc::UnboundedSender<Request>,
    tickets: Queue<()>,
    at_once: Semaphore,
}

impl Client {
    fn new(requests: mpsc::UnboundedSender<Request>) -> Result<Client> {
        let tickets = Queue::new(3);
        create_task(make_tickets(tickets.clone()));
        Ok(Client {
            requests,
            tickets,
            at_once: Semaphore::new(AT_ONCE)?,
        })
    }

    async fn fetch(self, page: u32) -> Result<String> {
        let _permit = self.at_once.hold().await?;
        self.tickets.get().await?;
        say(format_args!("page {page}: asked for"));
        let (answer, answered) = oneshot::channel();
        self.requests.unbounded_send(Request { page, answer })?;
        // The channel knows nothing of kolo. When the time is over its future is dropped, and the error comes from here.
        let text = wait_for(async { Ok(answered.await?) }, LIMIT).await;
        say(match &text {
            Ok(text) => format!("page {page}: {text}"),
            Err(error) => format!("page {page}: {error}"),
        });
        text
    }
}

/// All outcomes, or those that are there when `stop` comes: then the rest is cancelled.
async fn until_stopped(fetches: &[Task<String>], stop: oneshot::Receiver<()>) -> Result<Vec<Result<String>>> {
    // A task is a handle; other crates' combinators want futures: `into_future`.
    let all = pin!(join_all(fetches.iter().map(|fetch| fetch.into_future())));
    match select(all, stop).await {
        Either::Left((outcomes, _)) => Ok(outcomes),
        Either::Right(_) => {
            say("stop");
            for fetch in fetches {
                fetch.cancel();
            }
            gather(fetches).return_exceptions().await
        }
    }
}

async fn main_program(pages: u32, patience: f64) -> Result<()> {
    let (requests, incoming) = mpsc::unbounded();
    create_task(serve(incoming));
    let client = Client::new(requests)?;

    let (stopper, stop) = oneshot::channel();
    running_loop().call_later(patience, move || {
        let _ = stopper.send(());
    });

    let fetches: Vec<_> = (1..=pages).map(|page| create_task(client.clone().fetch(page))).collect();
    let outcomes = until_stopped(&fetches, stop).await?;
    for (page, outcome) in (1..).zip(outcomes) {
        match outcome {
            Ok(text) => println!("{page}: {text}"),
            Err(error) => println!("{page}: {:?}", error.kind()),
        }
    }
    Ok(())
}

fn main() -> std::result::Result<(), Box<dyn Error + Send + Sync>> {
    println!("-- with time for all");
    run(main_program(4, 60.0))?;
    println!("-- stopped early");
    run(main_program(6, 1.5))?;
    Ok(())
}
