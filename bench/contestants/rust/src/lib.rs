//! The contestant rust-mio: the Rust crate mio behind the `struct contestant` of the C harness
//! (bench/harness/harness.h), so that it is measured by the same code as all others.

mod event_loop;
mod harness;
mod server;

use std::ffi::{c_char, c_int, c_uint, c_void, CStr, OsStr};
use std::io;
use std::mem::size_of;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null_mut;
use std::time::Duration;

use event_loop::EventLoop;
use harness::{Contestant, Service, UNIX};
use mio::Waker;

#[export_name = "contestant"]
pub static CONTESTANT: Contestant = Contestant {
    version,
    // A source is a descriptor that the program keeps; the crate keeps nothing for it.
    handle_bytes: size_of::<RawFd>(),
    open,
    close,
    add,
    change,
    remove,
    flush: None,
    turn,
    wait,
    wake,
    serve,
};

/// The result of `open`. The waker is beside the loop and not in it, for other threads use it while
/// one thread has the loop for itself.
struct Loop {
    event_loop: EventLoop,
    waker: Option<Waker>,
}

/// # Safety
/// `arg` comes from `open`, is not closed, and no other thread uses its event loop now.
unsafe fn event_loop<'a>(arg: *mut c_void) -> &'a mut EventLoop {
    &mut (*arg.cast::<Loop>()).event_loop
}

fn status(result: io::Result<()>) -> c_int {
    if result.is_ok() {
        0
    } else {
        -1
    }
}

extern "C" fn version() -> *const c_char {
    concat!(env!("MIO_VERSION"), "\0").as_ptr().cast()
}

extern "C" fn open(sources: c_uint, shared: bool) -> *mut c_void {
    let open = || -> io::Result<Loop> {
        let event_loop = EventLoop::new(sources as usize)?;
        let waker = shared.then(|| event_loop.waker()).transpose()?;
        Ok(Loop { event_loop, waker })
    };
    open().map_or(null_mut(), |opened| Box::into_raw(Box::new(opened)).cast())
}

unsafe extern "C" fn close(arg: *mut c_void) {
    drop(Box::from_raw(arg.cast::<Loop>()));
}

unsafe extern "C" fn add(arg: *mut c_void, index: c_uint, fd: c_int) -> c_int {
    status(event_loop(arg).add(index as usize, fd))
}

unsafe extern "C" fn change(arg: *mut c_void, index: c_uint, writable: bool) -> c_int {
    status(event_loop(arg).change(index as usize, writable))
}

unsafe extern "C" fn remove(arg: *mut c_void, index: c_uint) -> c_int {
    status(event_loop(arg).remove(index as usize))
}

unsafe extern "C" fn turn(arg: *mut c_void) -> c_uint {
    event_loop(arg).turn().unwrap_or(0)
}

unsafe extern "C" fn wait(arg: *mut c_void, timeout_ns: i64) -> c_int {
    let timeout = u64::try_from(timeout_ns).ok().map(Duration::from_nanos);
    status(event_loop(arg).wait(timeout))
}

unsafe extern "C" fn wake(arg: *mut c_void) -> c_int {
    match &(*arg.cast::<Loop>()).waker {
        Some(waker) => status(waker.wake()),
        None => -1,
    }
}

unsafe extern "C" fn serve(service: *const Service) -> c_int {
    let service = &*service;
    status(if service.transport == UNIX {
        let path = CStr::from_ptr(service.path).to_bytes();
        server::serve_unix(Path::new(OsStr::from_bytes(path)), service.churn)
    } else {
        server::serve_tcp(service.churn)
    })
}
