#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

/// Sends a request as it stands and reads the answer to its end.
pub(crate) async fn raw(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), read).await.expect("the door did not answer").unwrap();
    answer
}

/// A browser's GET.
pub(crate) async fn get(port: u16, path: &str) -> String {
    raw(port, &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n\r\n")).await
}

#[test]
fn heads_are_read_whole_or_not_at_all() {
    let whole = b"GET /a?b=c HTTP/1.1\r\nhOST: 127.0.0.1:80\r\n\r\n";
    for end in 0..whole.len() {
        assert_eq!(parse(&whole[..end], 80), None, "{end}");
    }
    assert_eq!(parse(whole, 80), Some(Ok(Asked { path: "/a".into(), query: "b=c".into() })));
    assert_eq!(parse(whole, 81), Some(Err(Page::NotFound)));
    assert!(matches!(parse(b"\x16\x03\x01\x02\x00", 80), Some(Err(Page::Refused(_)))));
}

#[tokio::test]
async fn a_head_that_never_ends_is_dropped() {
    let door = Door::open().await.unwrap();
    let port = door.port();
    let serving = tokio::spawn(door.serve(|_| (Page::NotFound, None::<()>)));
    let answer = raw(port, &format!("GET / HTTP/1.1\r\nX: {}\r\n", "x".repeat(LONGEST_HEAD))).await;
    assert_eq!(answer, "");
    serving.abort();
}
