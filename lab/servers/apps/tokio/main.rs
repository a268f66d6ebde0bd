use std::env::var;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let at = format!("{}:{}", var("HOST").unwrap(), var("PORT").unwrap());
    let listener = TcpListener::bind(at).await?;
    loop {
        let (mut client, _) = listener.accept().await?;
        tokio::spawn(async move {
            let mut request = [0; 4096];
            if client.read(&mut request).await.unwrap_or(0) > 0 {
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx";
                let _ = client.write_all(answer).await;
            }
        });
    }
}
