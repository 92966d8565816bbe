//! https, both ends.
#![cfg(feature = "tls")]

use std::path::{Path, PathBuf};

use kolo::http::web::{AppRunner, Application, Site};
use kolo::http::{ClientError, ClientSession};
use kolo::{Result, TlsClient, TlsServer, run};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../net/tests/tls").join(name)
}

async fn serve() -> Result<String> {
    let app = Application::new();
    app.get("/large", async |_| Ok("x".repeat(300_000)))?;
    let runner = AppRunner::new(&app);
    let server = TlsServer::from_pem(file("chain.pem"), file("key.pem"))?;
    let address = Site::tcp(&runner, ("127.0.0.1", 0)).tls(server).start().await?;
    Ok(format!("https://localhost:{}/large", address.port().expect("of TCP")))
}

#[test]
fn https_is_served_and_asked_and_kept() {
    run(async {
        let url = serve().await?;
        let session = ClientSession::builder().tls(TlsClient::trusting(file("ca.pem"))?).build();
        for _ in 0..2 {
            assert_eq!(session.get(&url).await?.read().await?.len(), 300_000);
            assert_eq!(session.idle_connections(), 1);
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_stranger_is_not_trusted() {
    run(async {
        let url = serve().await?;
        let session = ClientSession::builder()
            .tls(TlsClient::trusting(file("stranger.pem"))?)
            .build();
        let error = session.get(&url).await.map(drop).unwrap_err();
        assert!(
            matches!(ClientError::of(&error), Some(ClientError::Connector { .. })),
            "{error}"
        );
        assert!(error.to_string().starts_with("Cannot connect to host localhost:"), "{error}");
        Ok(())
    })
    .unwrap();
}
