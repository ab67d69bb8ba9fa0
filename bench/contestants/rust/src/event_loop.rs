//! The event loop: raw descriptors that are watched for readability.

use std::ffi::c_void;
use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::harness::MAX_EVENTS;

/// No descriptor has this number.
const WAKER: Token = Token(usize::MAX);

pub struct EventLoop {
    poll: Poll,
    events: Events,
    fds: Vec<RawFd>,
}

impl EventLoop {
    pub fn new(sources: usize) -> io::Result<EventLoop> {
        Ok(EventLoop {
            poll: Poll::new()?,
            events: Events::with_capacity(MAX_EVENTS),
            fds: vec![-1; sources],
        })
    }

    pub fn waker(&self) -> io::Result<Waker> {
        Waker::new(self.poll.registry(), WAKER)
    }

    pub fn add(&mut self, index: usize, fd: RawFd) -> io::Result<()> {
        self.fds[index] = fd;
        self.poll
            .registry()
            .register(&mut SourceFd(&fd), token(fd), Interest::READABLE)
    }

    pub fn change(&mut self, index: usize, writable: bool) -> io::Result<()> {
        let fd = self.fds[index];
        let interest = if writable {
            Interest::READABLE | Interest::WRITABLE
        } else {
            Interest::READABLE
        };
        self.poll
            .registry()
            .reregister(&mut SourceFd(&fd), token(fd), interest)
    }

    pub fn remove(&mut self, index: usize) -> io::Result<()> {
        let fd = self.fds[index];
        self.poll.registry().deregister(&mut SourceFd(&fd))
    }

    /// Reads once from each source that is readable, which empties an eventfd. Returns how many
    /// events there were.
    pub fn turn(&mut self) -> io::Result<u32> {
        self.poll.poll(&mut self.events, Some(Duration::ZERO))?;
        let mut count = 0;
        for event in &self.events {
            count += 1;
            if event.is_readable() && event.token() != WAKER {
                read_eight_bytes(event.token().0 as RawFd);
            }
        }
        Ok(count)
    }

    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.poll.poll(&mut self.events, timeout)
    }
}

/// The token is the descriptor, so that an event is not looked up.
fn token(fd: RawFd) -> Token {
    Token(fd as usize)
}

fn read_eight_bytes(fd: RawFd) {
    let mut bytes = 0u64;
    // SAFETY: `bytes` has room for what is asked for. An error is no matter: an event may come
    // without need.
    unsafe {
        libc::read(fd, (&mut bytes as *mut u64).cast::<c_void>(), 8);
    }
}
