//! The servers with the sockets of the crate.

use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::path::Path;

use mio::event::Source;
use mio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use mio::{Events, Interest, Poll, Registry, Token};
use slab::Slab;

use crate::harness::{announce, BACKLOG, MAX_EVENTS, READ_BYTES};

const LISTENER: Token = Token(0);

/// The token of a connection comes from its place in the slab, after the listener's.
fn token_of(key: usize) -> Token {
    Token(key + 1)
}

/// The common part of TCP and Unix sockets.
trait Listener: Source + AsRawFd {
    type Stream: Source + Read + Write;

    fn accept_stream(&self) -> io::Result<Self::Stream>;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    fn accept_stream(&self) -> io::Result<TcpStream> {
        self.accept().map(|(stream, _)| stream)
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    fn accept_stream(&self) -> io::Result<UnixStream> {
        self.accept().map(|(stream, _)| stream)
    }
}

struct Connection<S> {
    stream: S,
    /// The bytes from `sent` on: the socket had no room for them yet.
    rest: Vec<u8>,
    sent: usize,
}

impl<S: Source + Read + Write> Connection<S> {
    fn new(stream: S) -> Connection<S> {
        Connection {
            stream,
            rest: Vec::new(),
            sent: 0,
        }
    }

    /// Sends back what arrives until there is no more, as the crate demands it before the next
    /// event is sure to come. Returns false when the peer has ended.
    fn echo(&mut self, registry: &Registry, token: Token, buf: &mut [u8]) -> io::Result<bool> {
        if !self.rest.is_empty() {
            if !self.send_rest()? {
                return Ok(true);
            }
            registry.reregister(&mut self.stream, token, Interest::READABLE)?;
        }
        while let Some(n) = unless_blocked(|| self.stream.read(buf))? {
            if n == 0 {
                return Ok(false);
            }
            let sent = unless_blocked(|| self.stream.write(&buf[..n]))?.unwrap_or(0);
            if sent < n {
                self.rest.extend_from_slice(&buf[sent..n]);
                let interest = Interest::READABLE | Interest::WRITABLE;
                registry.reregister(&mut self.stream, token, interest)?;
                break; // nothing more is taken until this has gone
            }
        }
        Ok(true)
    }

    /// Returns false when there is no room for all of it.
    fn send_rest(&mut self) -> io::Result<bool> {
        while self.sent < self.rest.len() {
            match unless_blocked(|| self.stream.write(&self.rest[self.sent..]))? {
                Some(n) => self.sent += n,
                None => return Ok(false),
            }
        }
        self.rest.clear();
        self.sent = 0;
        Ok(true)
    }

    /// Serves one request, then the connection has ended and this returns false. True where the
    /// event came without need.
    fn serve_once(&mut self, buf: &mut [u8]) -> io::Result<bool> {
        let Some(n) = unless_blocked(|| self.stream.read(buf))? else {
            return Ok(true);
        };
        if n > 0 {
            unless_blocked(|| self.stream.write(&buf[..n]))?;
        }
        Ok(false)
    }
}

/// The result of a call, or None where it would have had to wait.
fn unless_blocked<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<Option<T>> {
    loop {
        match call() {
            Ok(value) => return Ok(Some(value)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
    }
}

struct Server<L: Listener> {
    poll: Poll,
    listener: L,
    connections: Slab<Connection<L::Stream>>,
    churn: bool,
    buf: Vec<u8>,
}

impl<L: Listener> Server<L> {
    fn new(mut listener: L, churn: bool) -> io::Result<Server<L>> {
        lengthen_backlog(&listener)?;
        let poll = Poll::new()?;
        poll.registry()
            .register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Server {
            poll,
            listener,
            connections: Slab::new(),
            churn,
            buf: vec![0; READ_BYTES],
        })
    }

    fn run(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(MAX_EVENTS);
        loop {
            if let Err(error) = self.poll.poll(&mut events, None) {
                if error.kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                return Err(error);
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept_all(),
                    Token(token) => self.serve(token - 1),
                }
            }
        }
    }

    /// Accepts until no connection is left. One that was lost before it was accepted is none of
    /// the others' business; after any other error the next connection tries again.
    fn accept_all(&mut self) {
        loop {
            match unless_blocked(|| self.listener.accept_stream()) {
                Ok(Some(stream)) => self.adopt(stream),
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                _ => return,
            }
        }
    }

    fn adopt(&mut self, mut stream: L::Stream) {
        let entry = self.connections.vacant_entry();
        let token = token_of(entry.key());
        let registry = self.poll.registry();
        let watched = registry.register(&mut stream, token, Interest::READABLE);
        if watched.is_ok() {
            entry.insert(Connection::new(stream));
        }
    }

    /// A connection that fails has ended, like one that ends.
    ///
    /// It is not deregistered before it is dropped. The crate asks for that where a system keeps
    /// something for a source. epoll does not: a socket that is closed leaves the queue, and a
    /// server for Linux saves the system call.
    fn serve(&mut self, key: usize) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let open = if self.churn {
            connection.serve_once(&mut self.buf)
        } else {
            connection.echo(self.poll.registry(), token_of(key), &mut self.buf)
        };
        if !open.unwrap_or(false) {
            self.connections.remove(key);
        }
    }
}

/// The crate binds with a backlog of 128, which is less than what the benchmark opens at once. A
/// socket that listens may be told again.
fn lengthen_backlog(listener: &impl AsRawFd) -> io::Result<()> {
    // SAFETY: the listener owns the descriptor, and the call touches no memory of ours.
    match unsafe { libc::listen(listener.as_raw_fd(), BACKLOG) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Listens on 127.0.0.1 and a port of the system, and serves. Returns on failure.
pub fn serve_tcp(churn: bool) -> io::Result<()> {
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    let port = listener.local_addr()?.port();
    let mut server = Server::new(listener, churn)?;
    announce(port);
    server.run()
}

/// The same on a Unix socket.
pub fn serve_unix(path: &Path, churn: bool) -> io::Result<()> {
    let mut server = Server::new(UnixListener::bind(path)?, churn)?;
    announce(0);
    server.run()
}
