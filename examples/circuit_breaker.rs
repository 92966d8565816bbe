//! A circuit breaker: after some failures it fails at once, without asking the service. Notes: in prose, "Прерыватель".

use kolo::{Error, Result, run, running_loop, sleep, wait_for};

const TIMEOUT: f64 = 1.0;
const WINDOW: f64 = 30.0;
const MAX_FAILURES: u32 = 3;
const RESET: f64 = 10.0;

#[derive(Default)]
struct CircuitBreaker {
    last_failure: f64,
    failures: u32,
}

impl CircuitBreaker {
    async fn request<T: 'static>(&mut self, service: impl Future<Output = Result<T>> + 'static) -> Result<T> {
        let now = running_loop().time();
        if self.failures >= MAX_FAILURES {
            if now < self.last_failure + RESET {
                return Err(Error::other("the circuit is open, fail at once"));
            }
            println!("circuit: half open, one attempt");
            self.failures = 0;
        } else if now > self.last_failure + WINDOW {
            self.failures = 0;
        }
        wait_for(service, TIMEOUT).await.inspect_err(|_| {
            self.failures += 1;
            self.last_failure = running_loop().time();
        })
    }
}

async fn service(seconds: f64) -> Result<&'static str> {
    sleep(seconds).await?;
    Ok("ok")
}

fn main() -> Result<()> {
    run(async {
        let mut breaker = CircuitBreaker::default();
        for seconds in [0.5, 2.0, 2.0, 2.0, 0.5, 0.5] {
            let started = running_loop().time();
            match breaker.request(service(seconds)).await {
                Ok(answer) => println!("{started:5.1} {answer}"),
                Err(error) => {
                    let name = if error.is_timeout() { "TimeoutError" } else { "CircuitOpen" };
                    println!("{:5.1} {name} {}", running_loop().time(), error.message());
                }
            }
        }
        sleep(10).await?;
        for seconds in [0.5, 0.5] {
            let started = running_loop().time();
            println!("{started:5.1} {}", breaker.request(service(seconds)).await?);
        }
        Ok(())
    })
}
