//! Many requests, and what they leave.

use kolo::http::ClientSession;
use kolo::http::web::{Application, Request, Response};
use kolo::{all_tasks, gather, run, sleep};

use crate::support::serve;

#[test]
fn ten_thousand_requests_of_a_hundred_clients_leave_nothing() {
    run(async {
        let app = Application::new();
        app.get("/{n}", async |request: Request| {
            Ok(Response::new(request.match_info("n")?.to_owned()))
        })?;
        let (runner, address) = serve(&app).await?;
        let session = ClientSession::builder().base_url(&format!("http://{address}")).build();
        let client = |n: u32| {
            let session = session.clone();
            async move {
                for round in 0..100 {
                    let path = format!("/{}", n * 100 + round);
                    assert_eq!(session.get(&path).await?.text().await?, path[1..]);
                }
                Ok(())
            }
        };
        gather((0..100).map(client)).await?;
        assert_eq!(session.idle_connections(), 100);
        runner.cleanup().await?;
        session.close();
        for _ in 0..10 {
            sleep(0).await?;
        }
        assert_eq!(all_tasks().len(), 1, "{:?}", all_tasks());
        Ok(())
    })
    .unwrap();
}
