//! The HTTP of `http_get` over real sockets: private addresses are refused by what is connected to, bodies are bounded.

use std::time::Duration;
use tackroom::adapters::tool::{Fetch, FetchFault, FetchLimits, WebFetch};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers every request with this; the count of connections tells whether anybody came.
async fn serve(answer: String) -> (u16, tokio::sync::watch::Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (came, count) = tokio::sync::watch::channel(0);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            came.send_modify(|count| *count += 1);
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = socket.read(&mut request).await;
                let _ = socket.write_all(answer.as_bytes()).await;
            });
        }
    });
    (port, count)
}

fn limits(private: bool) -> FetchLimits {
    FetchLimits { bytes_max: 1_000, wait: Duration::from_secs(10), private }
}

#[tokio::test]
async fn a_private_address_is_refused_by_name_and_by_number_before_anything_is_sent() {
    let (port, count) = serve("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".into()).await;
    let fetch = WebFetch::default();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let fault = fetch.fetch(&format!("http://{host}:{port}/"), limits(false)).await;
        assert!(matches!(fault, Err(FetchFault::Private(_))), "{host}: {fault:?}");
    }
    assert_eq!(*count.borrow(), 0, "nobody was asked");
    let fetched = fetch.fetch(&format!("http://localhost:{port}/"), limits(true)).await.unwrap();
    assert_eq!((fetched.status, fetched.body.as_slice(), fetched.cut), (200, b"ok".as_slice(), false));
}

#[tokio::test]
async fn a_body_is_bounded_and_a_redirect_is_only_told() {
    let body = "x".repeat(5_000);
    let (port, _) = serve(format!("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{body}")).await;
    let fetched =
        WebFetch::default().fetch(&format!("http://127.0.0.1:{port}/"), limits(true)).await.unwrap();
    assert_eq!((fetched.body.len(), fetched.cut), (1_000, true));
    let (port, _) = serve("HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n".into()).await;
    let fetched =
        WebFetch::default().fetch(&format!("http://127.0.0.1:{port}/"), limits(true)).await.unwrap();
    assert_eq!(fetched.status, 302);
    assert_eq!(fetched.location, Some(format!("http://127.0.0.1:{port}/other")));
}

#[tokio::test]
async fn silence_is_late_and_a_dead_port_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let short = FetchLimits { wait: Duration::from_millis(200), ..limits(true) };
    let fault = WebFetch::default().fetch(&format!("http://127.0.0.1:{port}/"), short).await;
    assert_eq!(fault, Err(FetchFault::Late));
    drop(listener);
    let fault = WebFetch::default().fetch(&format!("http://127.0.0.1:{port}/"), limits(true)).await;
    assert!(matches!(fault, Err(FetchFault::Failed(_))), "{fault:?}");
}
