//! The C side: what bench/harness/harness.h declares. Keep the two equal.

use std::ffi::{c_char, c_int, c_uint, c_void};

/// The events that a turn may fetch at once.
pub const MAX_EVENTS: usize = 1024;
/// The room that a server offers to a read: more than any message.
pub const READ_BYTES: usize = 64 * 1024;
pub const BACKLOG: c_int = 4096;

/// A value of `enum transport`.
pub type Transport = c_uint;
pub const UNIX: Transport = 1;

/// The work of a server.
#[repr(C)]
pub struct Service {
    pub transport: Transport,
    /// Of a Unix socket; may be null on TCP.
    pub path: *const c_char,
    pub churn: bool,
}

/// A contestant's part.
#[repr(C)]
pub struct Contestant {
    pub version: extern "C" fn() -> *const c_char,
    pub handle_bytes: usize,
    pub open: extern "C" fn(sources: c_uint, shared: bool) -> *mut c_void,
    pub close: unsafe extern "C" fn(arg: *mut c_void),
    pub add: unsafe extern "C" fn(arg: *mut c_void, index: c_uint, fd: c_int) -> c_int,
    pub change: unsafe extern "C" fn(arg: *mut c_void, index: c_uint, writable: bool) -> c_int,
    pub remove: unsafe extern "C" fn(arg: *mut c_void, index: c_uint) -> c_int,
    pub flush: Option<unsafe extern "C" fn(arg: *mut c_void) -> c_int>,
    pub turn: unsafe extern "C" fn(arg: *mut c_void) -> c_uint,
    pub wait: unsafe extern "C" fn(arg: *mut c_void, timeout_ns: i64) -> c_int,
    pub wake: unsafe extern "C" fn(arg: *mut c_void) -> c_int,
    pub serve: unsafe extern "C" fn(service: *const Service) -> c_int,
}

mod c {
    extern "C" {
        pub fn announce(port: std::ffi::c_uint);
    }
}

/// Tells that the server listens. `port`: 0 for Unix sockets.
pub fn announce(port: u16) {
    // SAFETY: it takes any number and is called by one thread.
    unsafe { c::announce(port.into()) }
}
