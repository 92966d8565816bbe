//! Whoever looks at the error first can do without `?`. Notes: "Обработка исключений при использовании wait".

use kolo::{Result, create_task, run, sleep, wait};

mod utils;
use utils::{ClientSession, with_example_com};

async fn fetch_status(session: ClientSession, url: &str, delay: u32) -> Result<u16> {
    sleep(delay).await?;
    let response = session.get(url).await?;
    Ok(response.status)
}

fn main() -> Result<()> {
    run(with_example_com(async |session| {
        let good_request = fetch_status(session.clone(), "https://www.example.com", 0);
        let bad_request = fetch_status(session, "python://bad", 0);
        let fetchers = [create_task(good_request), create_task(bad_request)];
        let (done, pending) = wait(&fetchers).await?;

        println!("Число завершившихся задач: {}", done.len());
        println!("Число ожидающих задач: {}", pending.len());

        for done_task in done {
            match done_task.error()? {
                None => println!("{}", done_task.result()?),
                Some(error) => eprintln!("ERROR:root:При выполнении запроса возникло исключение\n{error:?}"),
            }
        }
        Ok(())
    }))
}
