//! A wire that can be cut: a TCP proxy before the Worker. The browser's own offline mode leaves open sockets alone, and
//! real networks don't.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// A running proxy. Dropping it cuts all that goes through it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    wires: Arc<Wires>,
}

#[derive(Debug, Default)]
struct Wires {
    open: Mutex<Vec<TcpStream>>,
    is_down: AtomicBool,
    is_over: AtomicBool,
    accepted: AtomicUsize,
}

impl Proxy {
    /// Starts one that leads to `host`, as `127.0.0.1:8787`.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    pub fn start(host: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let wires = Arc::new(Wires::default());
        let (host, shared) = (host.to_owned(), Arc::clone(&wires));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.is_over.load(Ordering::SeqCst) {
                    return;
                }
                shared.accepted.fetch_add(1, Ordering::SeqCst);
                // Dropped at once while the wire is down: the browser sees a connection that is reset.
                if !shared.is_down.load(Ordering::SeqCst)
                    && let Ok(server) = TcpStream::connect(&host)
                {
                    shared.join(client, server);
                }
            }
        });
        Self { address, wires }
    }

    /// Its address, as `http://127.0.0.1:1234`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts every connection; new ones are let through.
    pub fn cut(&self) {
        for stream in self.wires.open().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Cuts every connection and lets no new one through, until [`Self::mend`].
    pub fn take_down(&self) {
        self.wires.is_down.store(true, Ordering::SeqCst);
        self.cut();
    }

    /// Lets new connections through again.
    pub fn mend(&self) {
        self.wires.is_down.store(false, Ordering::SeqCst);
    }

    /// How often somebody connected, let through or not.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.wires.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.wires.is_over.store(true, Ordering::SeqCst);
        self.take_down();
        // Wakes the thread that waits for callers.
        drop(TcpStream::connect(self.address));
    }
}

impl Wires {
    fn open(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries bytes both ways until one end is gone.
    fn join(&self, client: TcpStream, server: TcpStream) {
        let (Ok(to_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else { return };
        let (Ok(held_client), Ok(held_server)) = (client.try_clone(), server.try_clone()) else { return };
        let mut open = self.open();
        open.extend([held_client, held_server]);
        thread::spawn(move || carry(client, to_server));
        thread::spawn(move || carry(server, to_client));
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count) = from.read(&mut buffer)
        && count > 0
        && to.write_all(&buffer[..count]).is_ok()
    {}
    let _ = to.shutdown(Shutdown::Write);
}
