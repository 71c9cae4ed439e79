//! A line that breaks: between the program and a server, connections end after so many bytes.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// It ends with the process of the tests.
pub struct Proxy {
    pub port: u16,
    broken: Arc<AtomicUsize>,
}

impl Proxy {
    /// Before the server at `to`. Each connection gets the next number of bytes that the server may send; when there
    /// are no more numbers, the line is sound.
    pub fn start(to: u16, limits: Vec<u64>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let broken = Arc::new(AtomicUsize::new(0));
        let limits = Arc::new(Mutex::new(VecDeque::from(limits)));
        let count = broken.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let limit = limits.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                let (Ok(from_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else { continue };
                std::thread::spawn(move || pass(from_client, to_server, None));
                let count = count.clone();
                std::thread::spawn(move || {
                    if pass(server, client, limit) {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        Proxy { port, broken }
    }

    /// How many connections were broken so far.
    pub fn broken(&self) -> usize {
        self.broken.load(Ordering::SeqCst)
    }
}

/// Copies until the end, or until the limit, where it breaks both sides; true there.
fn pass(mut from: TcpStream, mut to: TcpStream, limit: Option<u64>) -> bool {
    let mut left = limit.unwrap_or(u64::MAX);
    let mut buffer = [0; 1024];
    while let Ok(n) = from.read(&mut buffer) {
        let part = n.min(usize::try_from(left).unwrap_or(usize::MAX));
        if n == 0 || to.write_all(&buffer[..part]).is_err() {
            break;
        }
        left -= part as u64;
        if left == 0 {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    left == 0
}
