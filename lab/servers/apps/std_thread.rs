// rustc std_thread.rs
use std::io::{Read, Write};
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let at = format!("{}:{}", std::env::var("HOST").unwrap(), std::env::var("PORT").unwrap());
    for client in TcpListener::bind(at)?.incoming() {
        let mut client = client?;
        std::thread::spawn(move || {
            let mut request = [0; 4096];
            if client.read(&mut request).unwrap_or(0) > 0 {
                let _ = client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");
            }
        });
    }
    Ok(())
}
